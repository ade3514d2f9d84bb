Feature: timeout
  A task or a workflow that takes longer than it may is interrupted with an error.

  Scenario: A task that takes too long
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-task-that-takes-too-long
      version: '1.0.0'
    do:
      - slow:
          call: test.slow:1.0.0@default
          with: { seconds: 60 }
          timeout: { after: { seconds: 10 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/slow
    """
    And slow should fault
    And slow should have its call undone
    And the run should take 10 seconds

  Scenario: A task that is quick enough
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-task-that-is-quick-enough
      version: '1.0.0'
    do:
      - slow:
          call: test.slow:1.0.0@default
          with: { seconds: 5, output: done }
          timeout: { after: { seconds: 10 } }
      - rest:
          wait: { seconds: 30 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    done
    """

  Scenario: A timeout can be caught
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-can-be-caught
      version: '1.0.0'
    do:
      - careful:
          try:
            - slow:
                call: test.slow:1.0.0@default
                with: {}
                timeout: { after: PT1M }
          catch:
            errors: { with: { status: 408 } }
            do:
              - say:
                  set: { late: "${ $error.instance }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    late: /do/0/careful/try/0/slow
    """

  Scenario: A timeout around several tasks interrupts the one that is under way
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-around-several-tasks-interrupts-the-one-that-is-un
      version: '1.0.0'
    do:
      - outer:
          timeout: { after: { seconds: 10 } }
          do:
            - quick:
                wait: { seconds: 6 }
            - slow:
                wait: { seconds: 6 }
      - never:
          set: { never: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    instance: /do/0/outer
    """
    And quick should complete
    And slow should cancel
    And never should not run

  Scenario: The workflow as a whole
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-workflow-as-a-whole
      version: '1.0.0'
    timeout: { after: { minutes: 1 } }
    do:
      - slow:
          wait: { hours: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    """
    And slow should cancel
    And the run should take 1 minute

  Scenario: A timeout by its name
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-by-its-name
      version: '1.0.0'
    use:
      timeouts:
        short: { after: { seconds: 1 } }
    do:
      - slow:
          wait: { seconds: 2 }
          timeout: short
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/slow
    """

  Scenario: A timeout of the workflow by its name
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-of-the-workflow-by-its-name
      version: '1.0.0'
    use:
      timeouts:
        short: { after: { seconds: 1 } }
    timeout: short
    do:
      - slow:
          wait: { seconds: 2 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    """

  Scenario: The length may be an expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-length-may-be-an-expression
      version: '1.0.0'
    do:
      - slow:
          wait: { seconds: 20 }
          timeout: { after: "${ .limit }" }
    """
    And given the workflow input is:
    """yaml
    limit: PT5S
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    """
    And the run should take 5 seconds

  Scenario: A timeout that nothing has is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-that-nothing-has-is-refused
      version: '1.0.0'
    do:
      - slow:
          wait: { seconds: 2 }
          timeout: short
    """
    When the workflow is executed
    Then the workflow should be refused with "short"

  Scenario: Nobody has come in time
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: nobody-has-come-in-time
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.late } } } }
          timeout: { after: { days: 2 } }
    """
    When the workflow is started
    Then hear should be waiting
    When 47 hours pass
    Then the workflow should be running
    When 1 hour passes
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    instance: /do/0/hear
    """
    When the event is received:
    """yaml
    type: org.example.late
    """
    Then 0 runs should take the event

  Scenario: A timeout outlives a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-outlives-a-restart
      version: '1.0.0'
    do:
      - slow:
          call: test.slow:1.0.0@default
          with: {}
          timeout: { after: { hours: 5 } }
    """
    When the workflow is started
    And 3 hours pass
    And the hub is restarted
    And 1 hour passes
    Then the workflow should be running
    When 1 hour passes
    Then the workflow should fault with error:
    """yaml
    status: 408
    """
    And the run should take 5 hours

  Scenario: A timeout that is due while the hub is down comes when it is there again
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-timeout-that-is-due-while-the-hub-is-down-comes-when-it-is
      version: '1.0.0'
    do:
      - slow:
          wait: { days: 5 }
          timeout: { after: { hours: 5 } }
    """
    When the workflow is started
    And the hub is restarted
    And 2 days pass
    Then the workflow should fault with error:
    """yaml
    status: 408
    """
    And the run should take 5 hours

  Scenario: Each attempt at a task has the task's whole time
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: each-attempt-at-a-task-has-the-task-s-whole-time
      version: '1.0.0'
    do:
      - careful:
          try:
            - slow:
                call: test.slow:1.0.0@default
                with: {}
                timeout: { after: { seconds: 10 } }
          catch:
            retry: { limit: { attempt: { count: 2 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    """
    And slow should make 3 calls
    And the run should take 30 seconds
