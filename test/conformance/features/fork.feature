Feature: fork
  Branches run at once; they wait for each other or compete.

  Scenario: The outputs of all branches in the order of the document
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-outputs-of-all-branches-in-the-order-of-the-document
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  call: test.slow:1.0.0@default
                  with: { seconds: 10, output: slow }
              - fast:
                  call: test.slow:1.0.0@default
                  with: { seconds: 1, output: fast }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ slow, fast ]
    """
    And the run should take 10 seconds

  Scenario: Every branch gets the input of the fork
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: every-branch-gets-the-input-of-the-fork
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  set: { n: "${ .n + 1 }" }
              - two:
                  set: { n: "${ .n + 2 }" }
    """
    And given the workflow input is:
    """yaml
    n: 10
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { n: 11 }, { n: 12 } ]
    """

  Scenario: The first of competing branches wins, and the others are cancelled
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-first-of-competing-branches-wins-and-the-others-are-canc
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - slow:
                  call: test.slow:1.0.0@default
                  with: { seconds: 10, output: slow }
              - fast:
                  call: test.slow:1.0.0@default
                  with: { seconds: 1, output: fast }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    fast
    """
    And fast should complete
    And slow should cancel
    And slow should have its call undone
    And the run should take 1 second

  Scenario: A branch of several tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-of-several-tasks
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  do:
                    - a:
                        set: { n: 1 }
                    - b:
                        set: { n: "${ .n + 1 }" }
              - two:
                  set: { n: 3 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { n: 2 }, { n: 3 } ]
    """

  Scenario: A branch that fails lets the fork fail, and cancels the others
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-that-fails-lets-the-fork-fail-and-cancels-the-other
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - slow:
                  call: test.slow:1.0.0@default
                  with: { seconds: 10 }
              - bad:
                  raise:
                    error: { type: 'https://example.org/errors/bad', status: 418 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/bad
    status: 418
    instance: /do/0/both/fork/branches/1/bad
    """
    And slow should cancel

  Scenario: A competing branch that fails lets the fork fail
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-competing-branch-that-fails-lets-the-fork-fail
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - bad:
                  raise:
                    error: { type: 'https://example.org/errors/bad', status: 418 }
              - slow:
                  call: test.slow:1.0.0@default
                  with: { seconds: 10 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    """

  Scenario: A branch catches its own error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-catches-its-own-error
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - careful:
                  try:
                    - bad:
                        raise:
                          error: { type: 'https://example.org/errors/bad', status: 418 }
                  catch:
                    do:
                      - better:
                          set: { got: caught }
              - calm:
                  set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { got: caught }, { n: 1 } ]
    """

  Scenario: An error of a branch is caught around the fork
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-of-a-branch-is-caught-around-the-fork
      version: '1.0.0'
    do:
      - careful:
          try:
            - both:
                fork:
                  branches:
                    - forever:
                        call: test.slow:1.0.0@default
                        with: {}
                    - bad:
                        raise:
                          error: { type: 'https://example.org/errors/bad', status: 418 }
          catch:
            as: e
            do:
              - say:
                  set: { status: "${ $e.status }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 418
    """
    And forever should cancel

  Scenario: end in a branch ends the workflow and the other branches
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: end-in-a-branch-ends-the-workflow-and-the-other-branches
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - forever:
                  call: test.slow:1.0.0@default
                  with: {}
              - quick:
                  set: { at: quick }
                  then: end
      - never:
          set: { at: never }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: quick
    """
    And forever should cancel
    And never should not run

  Scenario: exit in a branch ends that branch only
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exit-in-a-branch-ends-that-branch-only
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  do:
                    - a:
                        set: { at: a }
                        then: exit
                    - b:
                        set: { at: b }
              - two:
                  set: { at: two }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { at: a }, { at: two } ]
    """

  Scenario: Branches see what the others have written into the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: branches-see-what-the-others-have-written-into-the-context
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - writer:
                  set: { said: hello }
                  export: { as: .said }
              - reader:
                  do:
                    - rest:
                        wait: { seconds: 1 }
                    - read:
                        set: { heard: "${ $context }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { said: hello }, { heard: hello } ]
    """

  Scenario: Branches that compete by waiting
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: branches-that-compete-by-waiting
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - hours:
                  wait: { hours: 1 }
              - days:
                  wait: { days: 1 }
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
    And hours should complete
    And days should cancel
    And the run should take 1 hour

  Scenario: A branch whose turn has not come is cancelled like the others
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-whose-turn-has-not-come-is-cancelled-like-the-other
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - quick:
                  set: { at: quick }
              - next:
                  set: { at: next }
              - slow:
                  wait: { hours: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: quick
    """
    And next should cancel
    And slow should cancel
    And next should not run

  Scenario: A branch of several tasks is cancelled with the one that is under way
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-branch-of-several-tasks-is-cancelled-with-the-one-that-is
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - several:
                  do:
                    - done:
                        set: { n: 1 }
                    - rest:
                        wait: { hours: 1 }
                    - later:
                        set: { n: 2 }
              - bad:
                  do:
                    - short:
                        wait: { seconds: 1 }
                    - stop:
                        raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    """
    And done should complete
    And rest should cancel
    And several should cancel
    And later should not run
    And bad should fault
