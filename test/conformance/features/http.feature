Feature: http
  Calls of services by HTTP, and by an OpenAPI document.

  Scenario: The content is the output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-content-is-the-output
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/v2/pet/2' }
    """
    When the workflow is executed
    Then the workflow output should have a 'name' property with value:
    """yaml
    pet-2
    """

  Scenario: A URI template takes values of the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-uri-template-takes-values-of-the-input
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: { uri: 'https://service.example.org/anything/{a}/{b}/{missing}' }
          output: { as: .path }
    """
    And given the workflow input is:
    """yaml
    { a: x y/z, b: 7 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    /anything/x%20y%2Fz/7/
    """

  Scenario: What is no plain value cannot stand in a URI
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-is-no-plain-value-cannot-stand-in-a-uri
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/anything/{a}' }
    """
    And given the workflow input is:
    """yaml
    a: [ 1 ]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/ask
    """

  Scenario: An endpoint may be an expression
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-endpoint-may-be-an-expression
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: '${ "https://service.example.org/anything/" + .a }' }
          output: { as: .path }
    """
    And given the workflow input is:
    """yaml
    a: b
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    /anything/b
    """

  Scenario: Query, headers and a body
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: query-headers-and-a-body
      version: '1.0.0'
    do:
      - ask:
          call: http
          with:
            method: post
            endpoint: https://service.example.org/anything
            query: { page: '2', word: "${ .word }" }
            headers: { x-trace: "${ .word }" }
            body: { list: [ 1, "${ .word }" ] }
          output:
            as:
              method: ${ .method }
              query: ${ .query }
              trace: ${ .headers["x-trace"] }
              type: ${ .headers["content-type"] }
              body: ${ .body }
    """
    And given the workflow input is:
    """yaml
    word: hello
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    method: POST
    query: { page: '2', word: hello }
    trace: hello
    type: application/json
    body: { list: [ 1, hello ] }
    """

  Scenario: The response as a whole
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-response-as-a-whole
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/v2/pet/1', output: response }
    """
    When the workflow is executed
    Then the workflow output should have properties 'request.method', 'request.uri', 'headers', 'statusCode', 'content.id'
    And the workflow output should have a 'statusCode' property with value:
    """yaml
    200
    """

  Scenario: The raw content in base64
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-raw-content-in-base64
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/text/hello', output: raw }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    aGVsbG8=
    """

  Scenario: Text is text
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: text-is-text
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/text/hello' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    hello
    """

  Scenario: An answer without content
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-answer-without-content
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: delete, endpoint: 'https://service.example.org/empty' }
          output: { as: '${ . == null or . == "" }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    true
    """

  Scenario: An error status is an error of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-status-is-an-error-of-the-task
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/v2/pet/1000' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 404
    instance: /do/0/ask
    """

  Scenario: A service that is not there is an error of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-service-that-is-not-there-is-an-error-of-the-task
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'http://127.0.0.1:9/' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    instance: /do/0/ask
    """

  Scenario: A redirect is an error unless it is followed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-redirect-is-an-error-unless-it-is-followed
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/redirect-to?url=/text/there' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 302
    """

  Scenario: A redirect is followed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-redirect-is-followed
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/redirect-to?url=/text/there', redirect: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    there
    """

  Scenario: What says that it is JSON must be
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-says-that-it-is-json-must-be
      version: '1.0.0'
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://service.example.org/broken' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    """

  Scenario: A service that fails for a while is asked again
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-service-that-fails-for-a-while-is-asked-again
      version: '1.0.0'
    do:
      - careful:
          try:
            - ask:
                call: http
                with: { method: get, endpoint: 'https://service.example.org/flaky/{key}/2' }
          catch:
            errors: { with: { status: 503 } }
            retry: { delay: { minutes: 1 }, limit: { attempt: { count: 3 } } }
    """
    And given the workflow input is:
    """yaml
    key: asked-again
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    attempt: 3
    """
    And careful should take 3 attempts
