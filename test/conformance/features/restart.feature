Feature: restart
  A hub that is stopped goes on with its runs where they were.

  Scenario: A paused run is paused after a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-paused-run-is-paused-after-a-restart
      version: '1.0.0'
    do:
      - rest:
          wait: { hours: 1 }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is started
    And the run is paused
    And the hub is restarted
    And 2 hours pass
    Then the workflow should be paused
    When the run is resumed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario: A retry outlives a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-retry-outlives-a-restart
      version: '1.0.0'
    do:
      - two:
          call: test.flaky:1.0.0@default
          with: { failures: 1, output: good }
    """
    When the workflow is started
    Then the workflow should fault
    When the hub is restarted
    And the run is retried
    Then the workflow should complete with output:
    """yaml
    good
    """
    And two should make 2 calls

  Scenario: A call under way goes on after a restart, as the same call
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-call-under-way-goes-on-after-a-restart-as-the-same-call
      version: '1.0.0'
    do:
      - slow:
          call: test.slow:1.0.0@default
          with: { seconds: 60, output: done }
    """
    When the workflow is started
    And 30 seconds pass
    And the hub is restarted
    Then slow should be running
    When 30 seconds pass
    Then the workflow should complete with output:
    """yaml
    done
    """
    And slow should run 1 times
    And the run should take 60 seconds

  Scenario: A call that has ended is not made again after a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-call-that-has-ended-is-not-made-again-after-a-restart
      version: '1.0.0'
    do:
      - one:
          call: test.echo:1.0.0@default
          with: { output: 1 }
      - rest:
          wait: { hours: 1 }
      - two:
          call: test.echo:1.0.0@default
          with: { output: "${ . + 1 }" }
    """
    When the workflow is started
    And the hub is restarted
    And the hub is restarted
    And 1 hour passes
    Then the workflow should complete with output:
    """yaml
    2
    """
    And one should make 1 calls
    And two should make 1 calls

  Scenario: A fork in the middle of a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-fork-in-the-middle-of-a-restart
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - calls:
                  call: test.slow:1.0.0@default
                  with: { seconds: 3600, output: called }
              - rests:
                  wait: { minutes: 90 }
                  output: { as: '"rested"' }
              - hears:
                  listen: { to: { one: { with: { type: org.example.n } } } }
                  output: { as: ".[0]" }
    """
    When the workflow is started
    And the hub is restarted
    And the event is received:
    """yaml
    { type: org.example.n, data: heard }
    """
    And the hub is restarted
    And 1 hour passes
    And the hub is restarted
    Then the workflow should be running
    When 30 minutes pass
    Then the workflow should complete with output:
    """yaml
    [ called, rested, heard ]
    """
    And the run should take 90 minutes

  Scenario: A hub that was down for long catches up
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-hub-that-was-down-for-long-catches-up
      version: '1.0.0'
    do:
      - rest:
          wait: { hours: 1 }
      - more:
          wait: { hours: 1 }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is started
    And the hub is down for 5 hours
    Then rest should complete
    And more should be waiting
    When 1 hour passes
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario: The context and the variables are the same after a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-context-and-the-variables-are-the-same-after-a-restart
      version: '1.0.0'
    do:
      - note:
          set: { n: 1 }
          export: { as: '${ { kept: .n } }' }
      - all:
          for: { each: item, in: "${ [5, 6] }" }
          do:
            - rest:
                wait: { hours: 1 }
            - sum:
                set: { n: "${ .n + $item + $context.kept }" }
    """
    When the workflow is started
    And 30 minutes pass
    And the hub is restarted
    And 1 hour passes
    And the hub is restarted
    And 1 hour passes
    Then the workflow should complete with output:
    """yaml
    n: 14
    """
