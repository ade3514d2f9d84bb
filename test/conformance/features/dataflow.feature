Feature: data flow
  Input, output and context go through the transformations and schemas of the workflow and of its tasks.

  Scenario: input.from of the workflow is what the first task gets
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: input-from-of-the-workflow-is-what-the-first-task-gets
      version: '1.0.0'
    input: { from: .order }
    do:
      - copy:
          set: { id: "${ .id }", raw: "${ $workflow.input.order.id }" }
    """
    And given the workflow input is:
    """yaml
    order: { id: 7 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { id: 7, raw: 7 }
    """

  Scenario: output.as of the workflow shapes its output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: output-as-of-the-workflow-shapes-its-output
      version: '1.0.0'
    do:
      - one:
          set: { a: 1, b: 2 }
    output: { as: "${ { sum: (.a + .b) } }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    sum: 3
    """

  Scenario: output.as of the workflow sees the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: output-as-of-the-workflow-sees-the-context
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          export: { as: '${ { kept: .a } }' }
      - two:
          set: { a: 2 }
    output: { as: '${ { now: .a, kept: $context.kept } }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { now: 2, kept: 1 }
    """

  Scenario: input.from may be a template
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: input-from-may-be-a-template
      version: '1.0.0'
    do:
      - one:
          input:
            from:
              both: ${ .a + .b }
              word: constant
          set: ${ . }
    """
    And given the workflow input is:
    """yaml
    { a: 1, b: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { both: 3, word: constant }
    """

  Scenario: output.as may be a template
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: output-as-may-be-a-template
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          output:
            as:
              x: ${ .a }
              y: [ "${ .a + 1 }" ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { x: 1, y: [ 2 ] }
    """

  Scenario: $input is the task's input, also where the point is its output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: input-is-the-task-s-input-also-where-the-point-is-its-output
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
      - two:
          input: { from: "${ .a + 1 }" }
          set: { b: 10 }
          output: { as: '${ { a: $input, b: .b } }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: 2, b: 10 }
    """

  Scenario: The output of one task is the input of the next
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-of-one-task-is-the-input-of-the-next
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          output: { as: .a }
      - two:
          set: ${ . + 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    2
    """

  Scenario: export.as replaces the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: export-as-replaces-the-context
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          export: { as: . }
      - two:
          set: { b: 2 }
          export: { as: . }
      - three:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 2
    """

  Scenario: export.as adds to the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: export-as-adds-to-the-context
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          export: { as: '${ $context + . }' }
      - two:
          set: { b: 2 }
          export: { as: '${ $context + . }' }
      - three:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: 1, b: 2 }
    """

  Scenario: export.as sees the output and the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: export-as-sees-the-output-and-the-input
      version: '1.0.0'
    do:
      - one:
          set: { a: 1 }
          output: { as: "${ .a + 1 }" }
          export: { as: '${ { input: $input, output: $output, point: . } }' }
      - two:
          set: ${ $context }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { input: { n: 5 }, output: 2, point: 2 }
    """

  Scenario: An export of an inner task is seen outside
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-export-of-an-inner-task-is-seen-outside
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { a: 1 }
                export: { as: .a }
      - read:
          set: { found: "${ $context }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: 1
    """

  Scenario: The context is empty at first
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-context-is-empty-at-first
      version: '1.0.0'
    do:
      - read:
          set: { found: "${ $context }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: {}
    """
