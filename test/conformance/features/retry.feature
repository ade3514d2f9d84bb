Feature: retry
  What fails is tried again, after the delay and as often as the policy says.

  Scenario: Tried again until it succeeds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: tried-again-until-it-succeeds
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2, output: good }
          catch:
            retry: { delay: { seconds: 3 }, limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And ask should make 3 calls
    And careful should take 3 attempts
    And the run should take 6 seconds

  Scenario: catch.do runs once, after the last attempt
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: catch-do-runs-once-after-the-last-attempt
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 9 }
          catch:
            retry: { limit: { attempt: { count: 2 } } }
            do:
              - plan:
                  set: { b: "${ $error.status }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 503
    """
    And ask should make 3 calls
    And plan should run 1 times

  Scenario: A linear back-off grows by the delay
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-linear-back-off-grows-by-the-delay
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 3, output: good }
          catch:
            retry: { delay: { seconds: 2 }, backoff: { linear: {} }, limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 12 seconds

  Scenario: An exponential back-off doubles
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-exponential-back-off-doubles
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 4, output: good }
          catch:
            retry: { delay: { seconds: 1 }, backoff: { exponential: {} }, limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 15 seconds

  Scenario: A constant back-off stays
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-constant-back-off-stays
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 3, output: good }
          catch:
            retry: { delay: PT1M, backoff: { constant: {} }, limit: { attempt: { count: 5 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 3 minutes

  Scenario: Without a delay it is tried again at once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-a-delay-it-is-tried-again-at-once
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 3, output: good }
          catch:
            retry: { limit: { attempt: { count: 3 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 0 seconds

  Scenario: A jitter of one length is added to the delay
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-jitter-of-one-length-is-added-to-the-delay
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2, output: good }
          catch:
            retry:
              delay: { seconds: 1 }
              jitter: { from: { seconds: 2 }, to: { seconds: 2 } }
              limit: { attempt: { count: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And the run should take 6 seconds

  Scenario: All tasks of the try run again, with the first input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: all-tasks-of-the-try-run-again-with-the-first-input
      version: '1.0.0'
    do:
      - careful:
          try:
            - count:
                set: { n: "${ .n + 1 }" }
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2, output: "${ .n }" }
          catch:
            retry: { limit: { attempt: { count: 5 } } }
    """
    And given the workflow input is:
    """yaml
    n: 10
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    11
    """
    And count should run 3 times

  Scenario: What was exported before the failure stays
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-was-exported-before-the-failure-stays
      version: '1.0.0'
    do:
      - careful:
          try:
            - count:
                set: { n: 1 }
                export: { as: "${ { n: (($context.n // 0) + 1) } }" }
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2 }
          catch:
            retry: { limit: { attempt: { count: 5 } } }
      - read:
          set: ${ $context }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 3
    """

  Scenario: A try in a try: each counts its own attempts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-try-in-a-try-each-counts-its-own-attempts
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - ask:
                      call: test.flaky:1.0.0@default
                      with: { failures: 5, output: good }
                catch:
                  retry: { limit: { attempt: { count: 2 } } }
          catch:
            retry: { delay: { seconds: 1 }, limit: { attempt: { count: 1 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    good
    """
    And ask should make 6 calls
    And the run should take 1 second

  Scenario: While it waits to be tried again the task says so
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: while-it-waits-to-be-tried-again-the-task-says-so
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 1, output: good }
          catch:
            retry: { delay: { days: 1 }, limit: { attempt: { count: 1 } } }
    """
    When the workflow is started
    Then careful should be retrying
    When 23 hours pass
    Then the workflow should be running
    When 1 hour passes
    Then the workflow should complete with output:
    """yaml
    good
    """

  Scenario: The wait before the next attempt outlives a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-wait-before-the-next-attempt-outlives-a-restart
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 2, output: good }
          catch:
            retry: { delay: { minutes: 10 }, limit: { attempt: { count: 2 } } }
    """
    When the workflow is started
    And 9 minutes pass
    And the hub is restarted
    Then ask should make 1 calls
    When 1 minute passes
    Then ask should make 2 calls
    When the hub is restarted
    And 10 minutes pass
    Then the workflow should complete with output:
    """yaml
    good
    """
    And ask should make 3 calls
    And the run should take 20 minutes
