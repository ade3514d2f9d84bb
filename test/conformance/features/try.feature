Feature: try
  A task may fail, and its catch says which errors it is for and what happens then.

  Scenario: A try that does not fail gives the output of its tasks
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-try-that-does-not-fail-gives-the-output-of-its-tasks
      version: '1.0.0'
    do:
      - careful:
          try:
            - one:
                set: { n: 1 }
            - two:
                set: { n: "${ .n + 1 }" }
          catch:
            do:
              - never:
                  set: { n: 0 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And never should not run

  Scenario: A catch without a filter takes every error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-catch-without-a-filter-takes-every-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418, title: Bad, detail: Very } }
          catch:
            do:
              - say:
                  set: ${ $error }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: https://example.org/errors/bad
    status: 418
    title: Bad
    detail: Very
    instance: /do/0/careful/try/0/bad
    """
    And bad should fault with error:
    """yaml
    status: 418
    """
    And careful should complete

  Scenario: The variable of the error can be named
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-variable-of-the-error-can-be-named
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            as: problem
            do:
              - say:
                  set: { s: "${ $problem.status }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    s: 418
    """

  Scenario: The tasks of the catch get the input of the try
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-tasks-of-the-catch-get-the-input-of-the-try
      version: '1.0.0'
    do:
      - careful:
          input: { from: .inner }
          try:
            - change:
                set: { x: 2 }
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            do:
              - say:
                  set: { x: "${ .x }" }
    """
    And given the workflow input is:
    """yaml
    inner: { x: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    x: 1
    """

  Scenario: A catch without tasks gives the input of the try
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-catch-without-tasks-gives-the-input-of-the-try
      version: '1.0.0'
    do:
      - careful:
          try:
            - change:
                set: { x: 2 }
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch: {}
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    x: 1
    """

  Scenario: The inner of two catches is asked first
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-inner-of-two-catches-is-asked-first
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - bad:
                      raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
                catch:
                  do:
                    - say:
                        set: { by: inner }
          catch:
            do:
              - never:
                  set: { by: outer }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    by: inner
    """

  Scenario: What the inner catch is not for, the outer one takes
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-the-inner-catch-is-not-for-the-outer-one-takes
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - bad:
                      raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
                catch:
                  errors: { with: { status: 404 } }
          catch:
            do:
              - say:
                  set: { by: outer, instance: "${ $error.instance }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    by: outer
    instance: /do/0/outer/try/0/inner/try/0/bad
    """
    And inner should fault

  Scenario: An error in a catch goes to the try around it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-in-a-catch-goes-to-the-try-around-it
      version: '1.0.0'
    do:
      - outer:
          try:
            - inner:
                try:
                  - bad:
                      raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
                catch:
                  do:
                    - worse:
                        raise: { error: { type: 'https://example.org/errors/worse', status: 419 } }
          catch:
            do:
              - say:
                  set: { instance: "${ $error.instance }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    instance: /do/0/outer/try/0/inner/catch/do/0/worse
    """

  Scenario: A caught error can be raised again
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-caught-error-can-be-raised-again
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            as: e
            do:
              - again:
                  raise: { error: { type: "${ $e.type }", status: 419 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/bad
    status: 419
    instance: /do/0/careful/catch/do/0/again
    """

  Scenario: then of a catch says where to go after it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: then-of-a-catch-says-where-to-go-after-it
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            do:
              - say:
                  set: { caught: true }
            then: last
      - never:
          set: { never: true }
      - last:
          set: { at: last, caught: "${ .caught }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { at: last, caught: true }
    """
    And never should not run

  Scenario: The error of a catch is not seen after it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-error-of-a-catch-is-not-seen-after-it
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch: {}
      - after:
          set: { e: "${ $error }" }
    """
    When the workflow is executed
    Then the workflow should be refused with "$error"
