Feature: filters of a catch
  A catch says which errors it is for.

  Scenario: An error of another status goes on outwards
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-of-another-status-goes-on-outwards
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            errors: { with: { status: 404 } }
            do:
              - never:
                  set: { n: 0 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    instance: /do/0/careful/try/0/bad
    """
    And never should not run
    And careful should fault

  Scenario: Every given field of the filter must be equal
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: every-given-field-of-the-filter-must-be-equal
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418, title: Bad } }
          catch:
            errors: { with: { status: 418, title: Worse } }
            do:
              - never:
                  set: { n: 0 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    title: Bad
    """

  Scenario: A filter by instance
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-filter-by-instance
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            errors: { with: { instance: /do/0/careful/try/0/bad } }
            do:
              - say:
                  set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

  Scenario: when must hold for the error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: when-must-hold-for-the-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            when: $error.status == 404
            do:
              - never:
                  set: { n: 0 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    """

  Scenario: exceptWhen must not hold for the error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exceptwhen-must-not-hold-for-the-error
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            exceptWhen: ${ $error.status == 418 }
            do:
              - never:
                  set: { n: 0 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    """

  Scenario: when and exceptWhen together
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: when-and-exceptwhen-together
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/bad', status: 418 } }
          catch:
            as: e
            when: $e.status > 400
            exceptWhen: $e.status > 450
            do:
              - say:
                  set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

  Scenario: Both forms of a standard type are the same
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: both-forms-of-a-standard-type-are-the-same
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', status: 503 } }
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/dsl/errors/types/communication' } }
            do:
              - say:
                  set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

  Scenario: An unknown type is compared as it is
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-unknown-type-is-compared-as-it-is
      version: '1.0.0'
    do:
      - careful:
          try:
            - bad:
                raise: { error: { type: 'https://example.org/errors/communication', status: 503 } }
          catch:
            errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication' } }
            do:
              - never:
                  set: { caught: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.org/errors/communication
    """

  Scenario: A call that fails can be caught by its status
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-call-that-fails-can-be-caught-by-its-status
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: test.flaky:1.0.0@default
                with: { failures: 1 }
          catch:
            errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', status: 503 } }
            do:
              - say:
                  set: { title: "${ $error.title }", at: "${ $error.instance }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    title: Not there
    at: /do/0/careful/try/0/ask
    """
