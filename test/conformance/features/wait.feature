Feature: wait
  A workflow rests for a time, which a restart neither shortens nor lengthens.

  Scenario: The output of a wait is its input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-of-a-wait-is-its-input
      version: '1.0.0'
    do:
      - rest:
          wait: { days: 3 }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And the run should take 3 days

  Scenario: The parts of a duration add up
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-parts-of-a-duration-add-up
      version: '1.0.0'
    do:
      - rest:
          wait: { days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 }
    """
    When the workflow is executed
    Then the workflow should complete
    And the run should take 93784005 milliseconds

  Scenario: A duration in ISO 8601
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-duration-in-iso-8601
      version: '1.0.0'
    do:
      - rest:
          wait: P1DT12H30M
    """
    When the workflow is executed
    Then the workflow should complete
    And the run should take 2190 minutes

  Scenario: A duration of an expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-duration-of-an-expression
      version: '1.0.0'
    do:
      - rest:
          wait: ${ "PT\(.n)S" }
    """
    And given the workflow input is:
    """yaml
    n: 90
    """
    When the workflow is executed
    Then the workflow should complete
    And the run should take 90 seconds

  Scenario: Nothing happens before the time is over
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: nothing-happens-before-the-time-is-over
      version: '1.0.0'
    do:
      - rest:
          wait: { days: 3 }
      - after:
          set: { done: true }
    """
    When the workflow is started
    Then rest should be waiting
    When 2 days pass
    Then the workflow should be running
    And after should not run
    When 1 day passes
    Then the workflow should complete with output:
    """yaml
    done: true
    """

  Scenario: A wait outlives a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-wait-outlives-a-restart
      version: '1.0.0'
    do:
      - rest:
          wait: { days: 3 }
      - after:
          set: { done: true }
    """
    When the workflow is started
    And 1 day passes
    And the hub is restarted
    And 1 day passes
    And the hub is restarted
    Then the workflow should be running
    When 1 day passes
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And the run should take 3 days
    And rest should run 1 times

  Scenario: A wait of nothing
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-wait-of-nothing
      version: '1.0.0'
    do:
      - rest:
          wait: { seconds: 0 }
    """
    When the workflow is executed
    Then the workflow should complete
    And the run should take 0 milliseconds

  Scenario: What an expression gives must be a duration
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-an-expression-gives-must-be-a-duration
      version: '1.0.0'
    do:
      - rest:
          wait: ${ .n }
    """
    And given the workflow input is:
    """yaml
    n: soon
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    instance: /do/0/rest
    """

  Scenario: What is no duration is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-is-no-duration-is-refused
      version: '1.0.0'
    do:
      - rest:
          wait: soon
    """
    When the workflow is executed
    Then the workflow should be refused with "soon"

  Scenario: One wait after the other
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: one-wait-after-the-other
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [1, 2, 3] }" }
          do:
            - rest:
                wait: ${ "PT\($n)H" }
    """
    When the workflow is executed
    Then the workflow should complete
    And the run should take 6 hours
