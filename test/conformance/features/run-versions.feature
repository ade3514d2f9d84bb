Feature: which workflow is run
  Another workflow is named by its version, and has its own rules.

  Scenario: Of several versions the named one
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: of-several-versions-the-named-one
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: number, version: '1.0.0' }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: number
      version: '1.0.0'
    do:
      - say:
          set: { version: 1 }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: number
      version: '2.0.0'
    do:
      - say:
          set: { version: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    version: 1
    """

  Scenario: A workflow that nobody has published
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-workflow-that-nobody-has-published
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: nothing, version: '1.0.0' }
    """
    When the workflow is executed
    Then the workflow should fault
    And ask should fault

  Scenario: The schema of the other workflow's input counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-schema-of-the-other-workflow-s-input-counts
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: strict, version: '1.0.0', input: { n: text } }
    """
    And another workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: strict
      version: '1.0.0'
    input:
      schema:
        document: { type: object, properties: { n: { type: integer } } }
    do:
      - say:
          set: { n: "${ .n }" }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/validation
    instance: /do/0/ask
    """

  Scenario: A version that is not named is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-version-that-is-not-named-is-refused
      version: '1.0.0'
    do:
      - ask:
          run:
            workflow: { namespace: conformance, name: quick, version: latest }
    """
    When the workflow is executed
    Then the workflow should be refused with "version"

  Scenario: A program runs at sites only
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-program-runs-at-sites-only
      version: '1.0.0'
    do:
      - ask:
          run:
            shell: { command: 'echo hello' }
    """
    When the workflow is executed
    Then the workflow should be refused with "sites"
