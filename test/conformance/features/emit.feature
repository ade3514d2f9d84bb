Feature: emit
  A task publishes an event, and others may listen for it.

  Scenario: The event is the output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-event-is-the-output
      version: '1.0.0'
    do:
      - tell:
          emit:
            event:
              with:
                source: https://example.org/shop
                type: org.example.order.placed
                subject: order
                data: { id: "${ .id }", items: [ 1, 2 ] }
    """
    And given the workflow input is:
    """yaml
    id: 7
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'id', 'time', 'specversion'
    And the workflow output should have a 'data' property with value:
    """yaml
    { id: 7, items: [ 1, 2 ] }
    """
    And the workflow output should have a 'subject' property with value:
    """yaml
    order
    """
    And 1 event should be published
    And an event should be published with:
    """yaml
    source: https://example.org/shop
    type: org.example.order.placed
    specversion: '1.0'
    data: { id: 7 }
    """

  Scenario: What is not given follows from the run
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-is-not-given-follows-from-the-run
      version: '1.0.0'
    do:
      - tell:
          emit: { event: { with: { source: 'https://example.org', type: org.example.tick } } }
      - tellAgain:
          emit: { event: { with: { source: 'https://example.org', type: org.example.tick } } }
          output: { as: '${ .id != $input.id and (.id | length > 0) }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    true
    """
    And 2 events should be published

  Scenario: Attributes may be expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: attributes-may-be-expressions
      version: '1.0.0'
    do:
      - tell:
          emit:
            event:
              with:
                id: ${ .id }
                source: ${ "https://example.org/" + .shop }
                type: org.example.tick
                priority: high
    """
    And given the workflow input is:
    """yaml
    { id: abc, shop: north }
    """
    When the workflow is executed
    Then the workflow should complete
    And an event should be published with:
    """yaml
    { id: abc, source: 'https://example.org/north', priority: high }
    """

  Scenario: The time of an event is that of the journal
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-time-of-an-event-is-that-of-the-journal
      version: '1.0.0'
    do:
      - rest:
          wait: { hours: 1 }
      - tell:
          emit: { event: { with: { source: 'https://example.org', type: org.example.tick } } }
          output: { as: '${ (.time | sub("\\.[0-9]+"; "") | fromdate) - $workflow.startedAt.epoch.seconds }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3600
    """

  Scenario: An event without a type is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-event-without-a-type-is-refused
      version: '1.0.0'
    do:
      - tell:
          emit: { event: { with: { source: 'https://example.org' } } }
    """
    When the workflow is executed
    Then the workflow should be refused with "type"

  Scenario: Each pass of a loop publishes its event
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: each-pass-of-a-loop-publishes-its-event
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [1, 2, 3] }" }
          do:
            - tell:
                emit: { event: { with: { source: 'https://example.org', type: org.example.n, data: "${ $n }" } } }
    """
    When the workflow is executed
    Then the workflow should complete
    And 3 events should be published
    And an event should be published with:
    """yaml
    data: 3
    """

  Scenario: One branch tells, the other hears
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: one-branch-tells-the-other-hears
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - hear:
                  listen: { to: { one: { with: { type: org.example.said } } } }
              - tell:
                  do:
                    - rest:
                        wait: { seconds: 1 }
                    - say:
                        emit: { event: { with: { source: 'https://example.org', type: org.example.said, data: { word: hello } } } }
                        output: { as: .type }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ [ { word: hello } ], org.example.said ]
    """

  Scenario: A published event reaches a run once, also after a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-published-event-reaches-a-run-once-also-after-a-restart
      version: '1.0.0'
    do:
      - tell:
          emit: { event: { with: { source: 'https://example.org', type: org.example.said } } }
      - rest:
          wait: { hours: 1 }
    """
    When the workflow is started
    And the hub is restarted
    Then 1 event should be published
    When 1 hour passes
    Then the workflow should complete
    And 1 event should be published
