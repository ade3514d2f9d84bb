Feature: listen to several events
  A task takes any of several events, all of them, or those until something happens.

  Scenario: Any of several events
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: any-of-several-events
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.a }
                - with: { type: org.example.b }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then the workflow should complete with output:
    """yaml
    [ b ]
    """

  Scenario: Any event at all
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: any-event-at-all
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { any: [] } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.whatever, data: 1 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: All of several events, in the order of their coming
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: all-of-several-events-in-the-order-of-their-coming
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: org.example.a }
                - with: { type: org.example.b }
                - with: { type: org.example.c }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.c, data: c }
    """
    And the event is received:
    """yaml
    { type: org.example.a, data: a }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then the workflow should complete with output:
    """yaml
    [ c, a, b ]
    """

  Scenario: A second event of the same kind does not count for all
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-second-event-of-the-same-kind-does-not-count-for-all
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: org.example.a }
                - with: { type: org.example.b }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.a, data: a1 }
    """
    And the event is received:
    """yaml
    { type: org.example.a, data: a2 }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then the workflow should complete with output:
    """yaml
    [ a1, b ]
    """

  Scenario: Until an expression over what was read holds
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: until-an-expression-over-what-was-read-holds
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until: (. | add) >= 6
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.n, data: 2 }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.n, data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2, 3 ]
    """

  Scenario: Until another event comes, which is not part of the output
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: until-another-event-comes-which-is-not-part-of-the-output
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until:
                one: { with: { type: org.example.enough } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.n, data: 2 }
    """
    And the event is received:
    """yaml
    { type: org.example.enough, data: never }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: Until all of several events have come
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: until-all-of-several-events-have-come
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until:
                all:
                  - with: { type: org.example.a }
                  - with: { type: org.example.b }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.b }
    """
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.a }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: Nothing has come before the end
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: nothing-has-come-before-the-end
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until:
                one: { with: { type: org.example.enough } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.enough }
    """
    Then the workflow should complete with output:
    """yaml
    []
    """

  Scenario: The same event twice counts once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-same-event-twice-counts-once
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until: length == 2
    """
    When the workflow is started
    And the event is received:
    """yaml
    { id: n-1, type: org.example.n, data: 1 }
    """
    And the same event is received again
    Then 0 runs should take the event
    And the workflow should be running
    When the event is received:
    """yaml
    { id: n-2, type: org.example.n, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: Events before and after a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: events-before-and-after-a-restart
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: org.example.a }
                - with: { type: org.example.b }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { id: a-1, type: org.example.a, data: a }
    """
    And the hub is restarted
    And the same event is received again
    Then the workflow should be running
    When the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then the workflow should complete with output:
    """yaml
    [ a, b ]
    """
