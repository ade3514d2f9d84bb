Feature: flow
  Tasks follow each other in the order of the list unless a directive says otherwise.

  Scenario: Tasks run in the order of the list
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: tasks-run-in-the-order-of-the-list
      version: '1.0.0'
    do:
      - one:
          set: { seen: "${ .seen + [1] }" }
      - two:
          set: { seen: "${ .seen + [2] }" }
      - three:
          set: { seen: "${ .seen + [3] }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 2, 3 ]
    """
    And one should run first
    And two should run after one
    And two should run before three
    And three should run last

  Scenario: A task names the next one
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-task-names-the-next-one
      version: '1.0.0'
    do:
      - one:
          set: { seen: [ 1 ] }
          then: three
      - two:
          set: { seen: "${ .seen + [2] }" }
          then: end
      - three:
          set: { seen: "${ .seen + [3] }" }
          then: two
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 3, 2 ]
    """
    And three should run before two
    And two should run last

  Scenario: A way back makes a loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-way-back-makes-a-loop
      version: '1.0.0'
    do:
      - start:
          set: { n: 0 }
      - more:
          set: { n: "${ .n + 1 }" }
      - enough:
          switch:
            - no:
                when: .n < 4
                then: more
            - yes:
                then: end
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 4
    """
    And more should run 4 times
    And enough should run 4 times

  Scenario: end in the middle of nested tasks ends the workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: end-in-the-middle-of-nested-tasks-ends-the-workflow
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                do:
                  - last:
                      set: { at: inner }
                      then: end
                  - never:
                      set: { at: never }
            - neither:
                set: { at: neither }
      - nor:
          set: { at: nor }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: inner
    """
    And never should not run
    And neither should not run
    And nor should not run
    And outer should complete

  Scenario: exit leaves the list, and the task around it goes on
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exit-leaves-the-list-and-the-task-around-it-goes-on
      version: '1.0.0'
    do:
      - outer:
          do:
            - one:
                set: { seen: [ one ] }
                then: exit
            - two:
                set: { seen: [ two ] }
      - last:
          set: { seen: '${ .seen + [ "last" ] }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ one, last ]
    """
    And two should not run

  Scenario: exit at the top ends the workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exit-at-the-top-ends-the-workflow
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: exit
      - two:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And two should not run

  Scenario: continue says what happens anyway
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: continue-says-what-happens-anyway
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: continue
      - two:
          set: { n: "${ .n + 1 }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """

  Scenario: The directive of a task around others counts when these are done
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-directive-of-a-task-around-others-counts-when-these-are
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
          then: last
      - skipped:
          set: { n: 100 }
      - last:
          set: { n: "${ .n + 1 }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And skipped should not run

  Scenario: A way to nowhere is refused before anything runs
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-way-to-nowhere-is-refused-before-anything-runs
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          then: tow
      - two:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration
    status: 400
    """
    And the workflow should be refused with "tow"

  Scenario: A way out of the list to a task around it is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-way-out-of-the-list-to-a-task-around-it-is-refused
      version: '1.0.0'
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
                then: last
      - last:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should be refused with "last"

  Scenario: A task whose condition does not hold is passed over
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-task-whose-condition-does-not-hold-is-passed-over
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
      - two:
          if: ${ .n > 1 }
          set: { n: 2 }
      - three:
          set: { n: "${ .n + 10 }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 11
    """
    And two should be skipped
    And two should not run

  Scenario: The condition sees the input before input.from, and the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-condition-sees-the-input-before-input-from-and-the-conte
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
          export: { as: '${ { go: true } }' }
      - two:
          if: $context.go and .n == 1
          input: { from: "${ { m: .n } }" }
          set: { m: "${ .m + 1 }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    m: 2
    """

  Scenario: A task that is passed over gives its input on, as it was
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-task-that-is-passed-over-gives-its-input-on-as-it-was
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
      - two:
          if: .n == 2
          input: { from: .m }
          set: { x: 1 }
          output: { as: .x }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
