Feature: listen, for each event
  Each event that a task takes goes through tasks of its own.

  Scenario: Each event goes through the tasks of foreach, one after the other
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: each-event-goes-through-the-tasks-of-foreach-one-after-the-o
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until: length == 3
          foreach:
            item: it
            at: place
            do:
              - double:
                  set: { n: "${ $it * 2 }", at: "${ $place }" }
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
    { type: org.example.n, data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ { n: 2, at: 0 }, { n: 4, at: 1 }, { n: 6, at: 2 } ]
    """
    And double should run 3 times

  Scenario: Events wait in line while foreach is busy
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: events-wait-in-line-while-foreach-is-busy
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until: length == 2
          foreach:
            do:
              - rest:
                  wait: { hours: 1 }
              - note:
                  set: { n: "${ $item }" }
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
    And 1 hour passes
    Then the workflow should be running
    When 1 hour passes
    Then the workflow should complete with output:
    """yaml
    [ { n: 1 }, { n: 2 } ]
    """

  Scenario: foreach shapes and exports each item
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: foreach-shapes-and-exports-each-item
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: org.example.n }
              until: length == 2
          foreach:
            output: { as: . * 10 }
            export: { as: '${ { sum: (($context.sum // 0) + .) } }' }
      - read:
          set: { list: "${ . }", sum: "${ $context.sum }" }
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
    Then the workflow should complete with output:
    """yaml
    { list: [ 10, 20 ], sum: 30 }
    """
