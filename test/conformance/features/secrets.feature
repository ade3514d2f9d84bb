Feature: secrets
  A workflow sees the secrets that it declares, where it may.

  Scenario: Secrets are seen in input.from, and stay hidden in what is kept
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: secrets-are-seen-in-input-from-and-stay-hidden-in-what-is-ke
      version: '1.0.0'
    use: { secrets: [ token ] }
    do:
      - one:
          input: { from: '${ { known: ($secrets.token | length > 0) } }' }
          set: ${ . }
    """
    And the hub has the secrets:
    """yaml
    token: hidden-7261
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    known: true
    """

  Scenario: A workflow that does not declare its secret is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-workflow-that-does-not-declare-its-secret-is-refused
      version: '1.0.0'
    do:
      - one:
          input: { from: '${ $secrets.token }' }
          set: ${ . }
    """
    When the workflow is executed
    Then the workflow should be refused with "token"

  Scenario: A secret that the hub does not have is an authorization error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-secret-that-the-hub-does-not-have-is-an-authorization-erro
      version: '1.0.0'
    use: { secrets: [ token ] }
    do:
      - one:
          set: { a: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/authorization
    status: 403
    """

  Scenario: $secrets elsewhere is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: secrets-elsewhere-is-refused
      version: '1.0.0'
    use: { secrets: [ token ] }
    do:
      - one:
          set: { t: "${ $secrets.token }" }
    """
    And the hub has the secrets:
    """yaml
    token: hidden-7261
    """
    When the workflow is executed
    Then the workflow should be refused with "secrets"
