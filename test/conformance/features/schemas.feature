Feature: schemas
  What goes in and comes out must fit its schema.

  Scenario: The input of the workflow must fit its schema
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-input-of-the-workflow-must-fit-its-schema
      version: '1.0.0'
    input:
      schema:
        document:
          type: object
          required: [ name ]
          properties: { name: { type: string } }
    do:
      - one:
          set: { a: 1 }
    """
    And given the workflow input is:
    """yaml
    name: 5
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    """
    And one should not run

  Scenario: The schema of the workflow's input is about the input before input.from
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-schema-of-the-workflow-s-input-is-about-the-input-before
      version: '1.0.0'
    input:
      schema:
        format: json
        document: { type: object, required: [ order ] }
      from: .order
    do:
      - one:
          set: ${ . }
    """
    And given the workflow input is:
    """yaml
    order: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    1
    """

  Scenario: The input of a task must fit its schema
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-input-of-a-task-must-fit-its-schema
      version: '1.0.0'
    do:
      - one:
          set: { n: text }
      - two:
          input:
            schema:
              document: { type: object, properties: { n: { type: integer } } }
          set: { a: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    status: 400
    instance: /do/1/two
    """
    And one should complete

  Scenario: The output of a task must fit its schema, after output.as
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-of-a-task-must-fit-its-schema-after-output-as
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          output:
            as: .n
            schema:
              document: { type: string }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    instance: /do/0/one
    """

  Scenario: The context must fit the schema of the export
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-context-must-fit-the-schema-of-the-export
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          export:
            as: .n
            schema:
              document: { type: object }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    instance: /do/0/one
    """

  Scenario: The output of the workflow must fit its schema
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-of-the-workflow-must-fit-its-schema
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
    output:
      schema:
        document: { type: object, required: [ m ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    """
    And one should complete

  Scenario: A validation error can be caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-validation-error-can-be-caught
      version: '1.0.0'
    do:
      - careful:
          try:
            - strict:
                input:
                  schema:
                    document: { type: array }
                set: { a: 1 }
          catch:
            errors:
              with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/validation' }
            do:
              - say:
                  set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """
