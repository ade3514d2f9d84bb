Feature: raise
  A task fails on purpose, with an error in place or by its name.

  Scenario: An error in place, with the pointer of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-in-place-with-the-pointer-of-the-task
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
      - stop:
          raise:
            error:
              type: https://example.org/errors/too-many
              status: 429
              title: Too many
              detail: Come back later.
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/too-many
    status: 429
    title: Too many
    detail: Come back later.
    instance: /do/1/stop
    """
    And stop should fault
    And one should complete

  Scenario: An error by its name
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-by-its-name
      version: '1.0.0'
    use:
      errors:
        tooMany: { type: 'https://example.org/errors/too-many', status: 429, title: Too many }
    do:
      - stop:
          raise: { error: tooMany }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/too-many
    status: 429
    title: Too many
    instance: /do/0/stop
    """

  Scenario: Texts of an error may be expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: texts-of-an-error-may-be-expressions
      version: '1.0.0'
    do:
      - stop:
          raise:
            error:
              type: https://example.org/errors/too-many
              status: 429
              title: ${ "\(.n) are too many" }
              detail: ${ .why }
    """
    And given the workflow input is:
    """yaml
    { n: 7, why: because }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    title: 7 are too many
    detail: because
    """

  Scenario: The type may be a URI template
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-type-may-be-a-uri-template
      version: '1.0.0'
    do:
      - stop:
          raise: { error: { type: 'https://example.org/errors/{kind}', status: 400 } }
    """
    And given the workflow input is:
    """yaml
    kind: odd
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/odd
    """

  Scenario: A given instance is not what counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-given-instance-is-not-what-counts
      version: '1.0.0'
    do:
      - stop:
          raise: { error: { type: 'https://example.org/errors/x', status: 400, instance: /somewhere } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/stop
    """

  Scenario: A name that nothing has is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-name-that-nothing-has-is-refused
      version: '1.0.0'
    do:
      - stop:
          raise: { error: tooMany }
    """
    When the workflow is executed
    Then the workflow should be refused with "tooMany"

  Scenario: An error deep in the tasks faults all around it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-deep-in-the-tasks-faults-all-around-it
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                do:
                  - stop:
                      raise: { error: { type: 'https://example.org/errors/x', status: 400 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/outer/do/0/inner/do/0/stop
    """
    And outer should fault with error:
    """yaml
    status: 400
    """
    And inner should fault

  Scenario: A name with a slash is written as JSON Pointers have it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-name-with-a-slash-is-written-as-json-pointers-have-it
      version: '1.0.0'
    do:
      - a/b~c:
          raise: { error: { type: 'https://example.org/errors/x', status: 400 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/a~1b~0c
    """
