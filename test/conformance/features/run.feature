Feature: run
  A workflow runs another one, which has been published.

  Scenario: The output is that of the other workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-is-that-of-the-other-workflow
      version: '1.0.0'
    do:
      - double:
          run:
            workflow: { namespace: conformance, name: double, version: '1.0.0', input: { n: "${ .n }" } }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: double
      version: '1.0.0'
    do:
      - twice:
          set: { n: "${ .n * 2 }" }
    """
    And given the workflow input is:
    """yaml
    n: 21
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 42
    """
    And double should complete

  Scenario: Without an input it gets an empty one
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-an-input-it-gets-an-empty-one
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: look, version: '1.0.0' }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: look
      version: '1.0.0'
    do:
      - look:
          set: { input: "${ . }" }
    """
    And given the workflow input is:
    """yaml
    n: 21
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    input: {}
    """

  Scenario: An error of the other workflow is one of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-of-the-other-workflow-is-one-of-the-task
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                run:
                  workflow: { namespace: conformance, name: fails, version: '1.0.0' }
          catch:
            errors: { with: { status: 418 } }
            do:
              - say:
                  set: { type: "${ $error.type }", at: "${ $error.instance }" }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: fails
      version: '1.0.0'
    do:
      - stop:
          raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: https://example.org/errors/bad
    at: /do/0/careful/try/0/ask
    """

  Scenario: Nobody waits for it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: nobody-waits-for-it
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: slow, version: '1.0.0' }
            await: false
          input: { from: '${ { n: 5 } }' }
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
    Then the workflow should complete with output:
    """yaml
    n: 5
    """

  Scenario: Its output is not wanted
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: its-output-is-not-wanted
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: quick, version: '1.0.0' }
            return: none
      - read:
          set: { found: "${ . }" }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: quick
      version: '1.0.0'
    do:
      - say:
          set: { n: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: null
    """

  Scenario: The other workflow waits over a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-other-workflow-waits-over-a-restart
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
      - say:
          set: { done: true }
    """
    When the workflow is started
    And 12 hours pass
    And the hub is restarted
    Then the workflow should be running
    When 12 hours pass
    Then the workflow should complete with output:
    """yaml
    done: true
    """
    And ask should run 1 times

  Scenario: One workflow in another in another
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: one-workflow-in-another-in-another
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: middle, version: '1.0.0', input: { n: 1 } }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: inner
      version: '1.0.0'
    do:
      - add:
          set: { n: "${ .n + 1 }" }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: middle
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: inner, version: '1.0.0', input: "${ . }" }
      - add:
          set: { n: "${ .n + 10 }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 12
    """
