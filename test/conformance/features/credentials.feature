Feature: credentials
  A call shows who it is from.

  Scenario: Basic credentials
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: basic-credentials
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://service.example.org/basic-auth/ada/lovelace
              authentication: { basic: { username: ada, password: "${ .password }" } }
    """
    And given the workflow input is:
    """yaml
    password: lovelace
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    authenticated: true
    """

  Scenario: Wrong credentials
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: wrong-credentials
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://service.example.org/basic-auth/ada/lovelace
              authentication: { basic: { username: ada, password: wrong } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 401
    instance: /do/0/ask
    """

  Scenario: Credentials of a secret, by the name of an authentication
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: credentials-of-a-secret-by-the-name-of-an-authentication
      version: '1.0.0'
    use:
      secrets: [ shop ]
      authentications:
        shopLogin: { basic: { use: shop } }
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://service.example.org/basic-auth/ada/lovelace-1843
              authentication: { use: shopLogin }
    """
    And the hub has the secrets:
    """yaml
    shop: { username: ada, password: lovelace-1843 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    authenticated: true
    """

  Scenario: A token of a secret
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-token-of-a-secret
      version: '1.0.0'
    use: { secrets: [ token ] }
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint:
              uri: https://service.example.org/bearer/t-123
              authentication: { bearer: { token: "${ $secrets.token }" } }
    """
    And the hub has the secrets:
    """yaml
    token: t-123
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    authenticated: true
    """
