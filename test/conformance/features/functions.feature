Feature: functions
  Calls of functions: of the workflow itself, and of the hub's own catalogue.

  Scenario: A function of the workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-of-the-workflow
      version: '1.0.0'
    use:
      functions:
        double:
          set: { n: "${ .n * 2 }" }
    do:
      - ask:
          call: double
          with: { n: "${ .n }" }
    """
    And given the workflow input is:
    """yaml
    n: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 8
    """

  Scenario: Without arguments the function gets the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-arguments-the-function-gets-the-input
      version: '1.0.0'
    use:
      functions:
        double:
          set: { n: "${ .n * 2 }" }
    do:
      - ask:
          call: double
    """
    And given the workflow input is:
    """yaml
    n: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 8
    """

  Scenario: A function of several tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-of-several-tasks
      version: '1.0.0'
    use:
      functions:
        quad:
          do:
            - once:
                set: { n: "${ .n * 2 }" }
            - twice:
                set: { n: "${ .n * 2 }" }
    do:
      - ask:
          call: quad
          with: { n: 3 }
          output: { as: .n }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    12
    """

  Scenario: A function calls another one
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-calls-another-one
      version: '1.0.0'
    use:
      functions:
        double:
          set: ${ .n * 2 }
        quad:
          do:
            - once:
                call: double
                with: { n: "${ .n }" }
            - twice:
                call: double
                with: { n: "${ . }" }
    do:
      - ask:
          call: quad
          with: { n: 3 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    12
    """

  Scenario: A function sees nothing of its caller's variables
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-sees-nothing-of-its-caller-s-variables
      version: '1.0.0'
    use:
      functions:
        look:
          set: { found: "${ $item }" }
    do:
      - all:
          for: { in: "${ [1] }" }
          do:
            - ask:
                call: look
    """
    When the workflow is executed
    Then the workflow should be refused with "$item"

  Scenario: A function that calls itself is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-that-calls-itself-is-refused
      version: '1.0.0'
    use:
      functions:
        again:
          do:
            - self:
                call: again
    do:
      - ask:
          call: again
    """
    When the workflow is executed
    Then the workflow should be refused with "again"

  Scenario: A function of the catalogue
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-of-the-catalogue
      version: '1.0.0'
    do:
      - ask:
          call: test.echo:1.0.0@default
          with: { output: { list: [ "${ .n }", 2 ] } }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    list: [ 1, 2 ]
    """

  Scenario: A function that the hub does not have is refused before anything runs
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-function-that-the-hub-does-not-have-is-refused-before-anyt
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
      - ask:
          call: test.nothing:1.0.0@default
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration
    """
    And the workflow should be refused with "test.nothing"

  Scenario: Another version of a function is another function
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: another-version-of-a-function-is-another-function
      version: '1.0.0'
    do:
      - ask:
          call: test.echo:2.0.0@default
    """
    When the workflow is executed
    Then the workflow should be refused with "test.echo"

  Scenario: An argument that the function does not take is refused before anything runs
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-argument-that-the-function-does-not-take-is-refused-befor
      version: '1.0.0'
    do:
      - ask:
          call: test.slow:1.0.0@default
          with: { seconds: soon }
    """
    When the workflow is executed
    Then the workflow should be refused with "seconds"

  Scenario: An argument that turns out to be wrong is an error of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-argument-that-turns-out-to-be-wrong-is-an-error-of-the-ta
      version: '1.0.0'
    do:
      - ask:
          call: test.slow:1.0.0@default
          with: { seconds: "${ .s }" }
    """
    And given the workflow input is:
    """yaml
    s: soon
    """
    When the workflow is executed
    Then the workflow should fault
    And ask should fault
