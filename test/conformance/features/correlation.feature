Feature: correlation
  Events that belong together are told by what they have in common.

  Scenario: A correlation with an expectation
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-correlation-with-an-expectation
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: org.example.answer }
                correlate:
                  order: { from: .data.order, expect: "${ .order }" }
    """
    And given the workflow input is:
    """yaml
    order: 17
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.answer, data: { order: 16 } }
    """
    Then 0 runs should take the event
    When the event is received:
    """yaml
    { type: org.example.answer, data: { order: 17 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { order: 17 } ]
    """

  Scenario: A correlation with a constant
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-correlation-with-a-constant
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: org.example.answer }
                correlate:
                  tenant: { from: "${ .tenant }", expect: north }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.answer, tenant: south, data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.answer, tenant: north, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 2 ]
    """

  Scenario: The first event sets what the next ones must have
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-first-event-sets-what-the-next-ones-must-have
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: org.example.a }
                  correlate: { order: { from: .data.order } }
                - with: { type: org.example.b }
                  correlate: { order: { from: .data.order } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.a, data: { order: 1 } }
    """
    And the event is received:
    """yaml
    { type: org.example.b, data: { order: 2 } }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.b, data: { order: 1, last: true } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { order: 1 }, { order: 1, last: true } ]
    """

  Scenario: Two correlations must both hold
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: two-correlations-must-both-hold
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: org.example.answer }
                correlate:
                  order: { from: .data.order, expect: "${ .order }" }
                  tenant: { from: .tenant, expect: north }
    """
    And given the workflow input is:
    """yaml
    order: 17
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.answer, tenant: south, data: { order: 17 } }
    """
    And the event is received:
    """yaml
    { type: org.example.answer, tenant: north, data: { order: 18 } }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.answer, tenant: north, data: { order: 17 } }
    """
    Then the workflow should complete

  Scenario: A correlation that has no answer fits nothing
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-correlation-that-has-no-answer-fits-nothing
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: org.example.answer }
                correlate:
                  order: { from: .data | error("no"), expect: x }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.answer, data: x }
    """
    Then 0 runs should take the event
    And the workflow should be running

  Scenario: What the first event has set is kept over a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-the-first-event-has-set-is-kept-over-a-restart
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: org.example.a }
                  correlate: { order: { from: .data } }
                - with: { type: org.example.b }
                  correlate: { order: { from: .data } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.a, data: 1 }
    """
    And the hub is restarted
    And the event is received:
    """yaml
    { type: org.example.b, data: 2 }
    """
    Then 0 runs should take the event
    When the event is received:
    """yaml
    { type: org.example.b, data: 1 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 1 ]
    """
