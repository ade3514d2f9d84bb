Feature: extensions
  Tasks that run before and after every task of a kind.

  Scenario: Before and after each task of the kind
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: before-and-after-each-task-of-the-kind
      version: '1.0.0'
    use:
      extensions:
        - log:
            extend: set
            before:
              - enter:
                  emit: { event: { with: { source: 'https://example.org', type: org.example.before, data: "${ $task.name }" } } }
            after:
              - leave:
                  emit: { event: { with: { source: 'https://example.org', type: org.example.after, data: "${ $task.reference }" } } }
    do:
      - one:
          set: { n: 1 }
      - rest:
          wait: { seconds: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And 2 events should be published
    And an event should be published with:
    """yaml
    { type: org.example.before, data: one }
    """
    And an event should be published with:
    """yaml
    { type: org.example.after, data: /do/0/one }
    """

  Scenario: Around all tasks, but not around those of extensions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: around-all-tasks-but-not-around-those-of-extensions
      version: '1.0.0'
    use:
      extensions:
        - log:
            extend: all
            before:
              - enter:
                  emit: { event: { with: { source: 'https://example.org', type: org.example.before, data: "${ $task.name }" } } }
    do:
      - outer:
          do:
            - inner:
                set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And 2 events should be published

  Scenario: Only when the condition holds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: only-when-the-condition-holds
      version: '1.0.0'
    use:
      extensions:
        - log:
            extend: set
            when: $task.name == "two"
            before:
              - enter:
                  emit: { event: { with: { source: 'https://example.org', type: org.example.before, data: "${ $task.name }" } } }
    do:
      - one:
          set: { n: 1 }
      - two:
          set: { n: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And 1 event should be published
    And an event should be published with:
    """yaml
    data: two
    """

  Scenario: exit passes the task over, and gives the output instead
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exit-passes-the-task-over-and-gives-the-output-instead
      version: '1.0.0'
    use:
      extensions:
        - mock:
            extend: call
            before:
              - answer:
                  set: { mocked: true }
                  then: exit
    do:
      - ask:
          call: test.echo:1.0.0@default
          with: { output: real }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    mocked: true
    """
    And ask should make 0 calls

  Scenario: The output of the tasks before is not the task's input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-of-the-tasks-before-is-not-the-task-s-input
      version: '1.0.0'
    use:
      extensions:
        - look:
            extend: set
            before:
              - change:
                  call: test.echo:1.0.0@default
                  with: { output: other }
    do:
      - one:
          set: { n: "${ .n }" }
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
    And change should make 1 calls

  Scenario: An error before a task is one of that task's surroundings
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-before-a-task-is-one-of-that-task-s-surroundings
      version: '1.0.0'
    use:
      extensions:
        - refuse:
            extend: call
            before:
              - check:
                  raise: { error: { type: 'https://example.org/errors/refused', status: 403 } }
    do:
      - careful:
          try:
            - ask:
                call: test.echo:1.0.0@default
                with: { output: real }
          catch:
            errors: { with: { status: 403 } }
            do:
              - say:
                  set: { refused: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    refused: true
    """

  Scenario: Several extensions stand around each other
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: several-extensions-stand-around-each-other
      version: '1.0.0'
    use:
      extensions:
        - outer:
            extend: set
            before:
              - a:
                  emit: { event: { with: { source: 'https://example.org', type: org.example.outer } } }
            after:
              - d:
                  wait: { milliseconds: 1 }
        - inner:
            extend: set
            before:
              - b:
                  wait: { milliseconds: 1 }
            after:
              - c:
                  wait: { milliseconds: 1 }
    do:
      - one:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And a should run before b
    And b should run before c
    And c should run before d

  Scenario: The tasks of an extension wait over a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-tasks-of-an-extension-wait-over-a-restart
      version: '1.0.0'
    use:
      extensions:
        - slow:
            extend: set
            before:
              - rest:
                  wait: { hours: 1 }
    do:
      - one:
          set: { n: 1 }
    """
    When the workflow is started
    And 30 minutes pass
    And the hub is restarted
    And 30 minutes pass
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And the run should take 1 hour
