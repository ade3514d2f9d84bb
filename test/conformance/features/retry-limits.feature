Feature: limits of a retry
  A policy says how often, how long and after which errors it is tried again.

  Scenario: The count is how often it is tried again, and the last error counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-count-is-how-often-it-is-tried-again-and-the-last-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 9 }
          catch:
            retry: { delay: { seconds: 1 }, limit: { attempt: { count: 3 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 503
    instance: /do/0/careful/try/0/ask
    """
    And ask should make 4 calls

  Scenario: The policy's when must hold for the error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-policy-s-when-must-hold-for-the-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 9, error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            as: e
            retry: { when: $e.status == 503, limit: { attempt: { count: 5 } } }
            do:
              - say:
                  set: { gave: up }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    gave: up
    """
    And ask should make 1 calls

  Scenario: The policy's exceptWhen must not hold for the error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-policy-s-exceptwhen-must-not-hold-for-the-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 9 }
          catch:
            retry: { exceptWhen: "${ $error.status == 503 }", limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 503
    """
    And ask should make 1 calls

  Scenario: An error that the catch is not for is not tried again
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-that-the-catch-is-not-for-is-not-tried-again
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 9 }
          catch:
            errors: { with: { status: 404 } }
            retry: { limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 503
    """
    And ask should make 1 calls

  Scenario: The time for all attempts together
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-time-for-all-attempts-together
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 99 }
          catch:
            retry: { delay: { seconds: 10 }, limit: { duration: { seconds: 35 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 503
    """
    And ask should make 4 calls
    And the run should take 30 seconds

  Scenario: The time of each attempt
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-time-of-each-attempt
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.slow:1.0.0@default
                with: {}
          catch:
            retry: { delay: { seconds: 1 }, limit: { attempt: { count: 2, duration: { seconds: 5 } } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout
    status: 408
    """
    And ask should make 3 calls
    And the run should take 17 seconds

  Scenario: A policy by its name
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-policy-by-its-name
      version: '1.0.0'
    use:
      retries:
        patient: { delay: { hours: 1 }, limit: { attempt: { count: 3 } } }
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2, output: good }
          catch:
            retry: patient
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 2 hours

  Scenario: A policy that nothing has is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-policy-that-nothing-has-is-refused
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2 }
          catch:
            retry: patient
    """
    When the workflow is executed
    Then the workflow should be refused with "patient"
