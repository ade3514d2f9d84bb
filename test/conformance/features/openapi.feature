Feature: openapi
  Calls of operations that an OpenAPI document describes.

  Scenario: An operation of an OpenAPI 2.0 document
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-operation-of-an-openapi-2-0-document
      version: '1.0.0'
    do:
      - ask:
          call: openapi
          with:
            document: { endpoint: 'https://service.example.org/v2/swagger.json' }
            operationId: getPetById
            parameters: { petId: "${ .id }" }
          output: { as: .name }
    """
    And given the workflow input is:
    """yaml
    id: 3
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    pet-3
    """

  Scenario: An operation of an OpenAPI 3.0 document
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-operation-of-an-openapi-3-0-document
      version: '1.0.0'
    do:
      - ask:
          call: openapi
          with:
            document: { endpoint: 'https://service.example.org/v2/openapi.json' }
            operationId: findPetsByStatus
            parameters: { status: sold }
          output: { as: "${ map(.id) }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 3, 6, 9 ]
    """

  Scenario: An operation that the document does not have
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-operation-that-the-document-does-not-have
      version: '1.0.0'
    do:
      - ask:
          call: openapi
          with:
            document: { endpoint: 'https://service.example.org/v2/swagger.json' }
            operationId: getPetByName
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration
    instance: /do/0/ask
    """

  Scenario: An operation that answers with an error status
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-operation-that-answers-with-an-error-status
      version: '1.0.0'
    do:
      - ask:
          call: openapi
          with:
            document: { endpoint: 'https://service.example.org/v2/swagger.json' }
            operationId: getPetById
            parameters: { petId: 1000 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/communication
    status: 404
    """
