Feature: steering
  A run can be paused, cancelled and tried again, and goes on where it was after a restart.

  Scenario: A paused run begins nothing new
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-paused-run-begins-nothing-new
      version: '1.0.0'
    do:
      - one:
          call: test.slow:1.0.0@default
          with: { seconds: 10, output: done }
      - two:
          set: { got: "${ . }" }
    """
    When the workflow is started
    And the run is paused
    And 1 hour passes
    Then the workflow should be paused
    And two should not run
    When the run is resumed
    Then the workflow should complete with output:
    """yaml
    got: done
    """

  Scenario: A wait that is over while the run is paused is over when it goes on
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-wait-that-is-over-while-the-run-is-paused-is-over-when-it
      version: '1.0.0'
    do:
      - rest:
          wait: { hours: 1 }
      - after:
          set: { done: true }
    """
    When the workflow is started
    And the run is paused
    And 2 hours pass
    Then after should not run
    When the run is resumed
    Then the workflow should complete with output:
    """yaml
    done: true
    """

  Scenario: An event that comes while the run is paused is not lost
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-event-that-comes-while-the-run-is-paused-is-not-lost
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.n } } } }
    """
    When the workflow is started
    And the run is paused
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    Then the workflow should be paused
    When the run is resumed
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: A cancelled run ends, with what is under way
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-cancelled-run-ends-with-what-is-under-way
      version: '1.0.0'
    do:
      - slow:
          call: test.slow:1.0.0@default
          with: {}
      - never:
          set: { never: true }
    """
    When the workflow is started
    And the run is cancelled
    Then the workflow should cancel
    And slow should cancel
    And slow should have its call undone
    And never should not run

  Scenario: A cancelled run hears nothing more
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-cancelled-run-hears-nothing-more
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.n } } } }
    """
    When the workflow is started
    And the run is cancelled
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    Then 0 runs should take the event
    And the workflow should cancel

  Scenario: A catch that names the cancellation compensates
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-catch-that-names-the-cancellation-compensates
      version: '1.0.0'
    do:
      - careful:
          try:
            - slow:
                call: test.slow:1.0.0@default
                with: {}
          catch:
            errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/cancelled' } }
            do:
              - undo:
                  call: test.echo:1.0.0@default
                  with: { output: undone }
      - never:
          set: { never: true }
    """
    When the workflow is started
    And the run is cancelled
    Then the workflow should cancel
    And undo should complete with output:
    """yaml
    undone
    """
    And never should not run

  Scenario: A catch for every error is none for a cancellation
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-catch-for-every-error-is-none-for-a-cancellation
      version: '1.0.0'
    do:
      - careful:
          try:
            - slow:
                call: test.slow:1.0.0@default
                with: {}
          catch:
            do:
              - never:
                  set: { never: true }
    """
    When the workflow is started
    And the run is cancelled
    Then the workflow should cancel
    And never should not run

  Scenario: A cancelled run cancels the workflow that it runs
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-cancelled-run-cancels-the-workflow-that-it-runs
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: slow, version: '1.0.0' }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: slow
      version: '1.0.0'
    do:
      - rest:
          wait: { days: 1 }
    """
    When the workflow is started
    And the run is cancelled
    Then the workflow should cancel
    And 2 runs should be started
    And the workflow should cancel

  Scenario: A failed run goes on from the task that has failed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-failed-run-goes-on-from-the-task-that-has-failed
      version: '1.0.0'
    do:
      - one:
          call: test.echo:1.0.0@default
          with: { output: 1 }
      - two:
          call: test.flaky:1.0.0@default
          with: { failures: 1, output: "${ . + 1 }" }
      - three:
          set: { n: "${ . }" }
    """
    When the workflow is executed
    Then the workflow should fault
    When the run is retried
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And one should make 1 calls
    And two should make 2 calls

  Scenario: A branch that was done is not done again
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-that-was-done-is-not-done-again
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - good:
                  call: test.echo:1.0.0@default
                  with: { output: good }
              - bad:
                  do:
                    - rest:
                        wait: { seconds: 1 }
                    - ask:
                        call: test.flaky:1.0.0@default
                        with: { failures: 1, output: better }
    """
    When the workflow is executed
    Then the workflow should fault
    When the run is retried
    Then the workflow should complete with output:
    """yaml
    [ good, better ]
    """
    And good should make 1 calls
    And rest should run 1 times

  Scenario: A run goes on from any task that it has come to
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-run-goes-on-from-any-task-that-it-has-come-to
      version: '1.0.0'
    do:
      - one:
          set: { n: 1 }
      - two:
          set: { n: "${ .n + 1 }" }
      - three:
          call: test.echo:1.0.0@default
          with: { output: "${ .n }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    2
    """
    When the run is retried from two
    Then the workflow should complete with output:
    """yaml
    2
    """
    And one should run 1 times
    And two should run 2 times
    And three should make 2 calls

  Scenario: A loop goes on in the pass that has failed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-loop-goes-on-in-the-pass-that-has-failed
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [1, 2, 3] }" }
          do:
            - note:
                set: { sum: "${ (.sum // 0) + $n }" }
            - ask:
                if: $n == 2
                call: test.flaky:1.0.0@default
                with: { failures: 1, output: "${ . }" }
    """
    When the workflow is executed
    Then the workflow should fault
    When the run is retried
    Then the workflow should complete with output:
    """yaml
    sum: 6
    """
    And note should run 3 times

  Scenario: A failed run goes on with a new definition
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: conformance, name: repaired, version: '1.0.0' }
    do:
      - one:
          set: { n: 1 }
      - two:
          set: { n: "${ .n | error }" }
    """
    When the workflow is executed
    Then the workflow should fault
    When the run is retried with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: conformance, name: repaired, version: '1.0.1' }
    do:
      - one:
          set: { n: 1 }
      - two:
          set: { n: "${ .n + 10 }" }
    """
    Then the workflow should complete with output:
    """yaml
    n: 11
    """
    And one should run 1 times

  Scenario: What a failure has cancelled runs again when the run is retried
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-a-failure-has-cancelled-runs-again-when-the-run-is-retr
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - several:
                  do:
                    - rest:
                        wait: { hours: 1 }
                    - say:
                        set: { n: 2 }
              - ask:
                  call: test.flaky:1.0.0@default
                  with: { failures: 1, output: good }
    """
    When the workflow is started
    Then the workflow should fault
    And several should cancel
    When the run is retried
    Then several should be running
    And rest should be waiting
    When 1 hour passes
    Then the workflow should complete with output:
    """yaml
    [ { n: 2 }, good ]
    """
    And several should complete
