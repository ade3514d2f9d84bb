Feature: listen
  A task waits for events; its output is the list of what was read.

  Scenario: One event, read as its data
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: one-event-read-as-its-data
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping } } } }
    """
    When the workflow is started
    Then hear should be waiting
    When the event is received:
    """yaml
    type: org.example.ping
    data: { n: 1 }
    """
    Then 1 run should take the event
    And the workflow should complete with output:
    """yaml
    [ { n: 1 } ]
    """

  Scenario: An event of another type is not for it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-event-of-another-type-is-not-for-it
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    type: org.example.pong
    data: { n: 1 }
    """
    Then 0 runs should take the event
    And the workflow should be running
    And hear should be waiting

  Scenario: Every given attribute must be equal
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: every-given-attribute-must-be-equal
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping, source: 'https://one.example.org', subject: this } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.ping, source: 'https://two.example.org', subject: this, data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.ping, source: 'https://one.example.org', subject: that, data: 2 }
    """
    And the event is received:
    """yaml
    { type: org.example.ping, source: 'https://one.example.org', subject: this, data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 3 ]
    """

  Scenario: Extension attributes are compared too
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: extension-attributes-are-compared-too
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping, tenant: north } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.ping, tenant: south, data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.ping, tenant: north, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 2 ]
    """

  Scenario: An expression over the data says whether an event fits
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-over-the-data-says-whether-an-event-fits
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with:
                  type: org.example.temperature
                  data: ${ .celsius > 38 }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.temperature, data: { celsius: 37 } }
    """
    And the event is received:
    """yaml
    { type: org.example.temperature, data: { celsius: 39 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { celsius: 39 } ]
    """

  Scenario: An expression over another attribute
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-over-another-attribute
      version: '1.0.0'
    do:
      - hear:
          listen:
            to:
              one:
                with:
                  type: ${ startswith("org.example.") }
                  source: ${ test("north|south") }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: com.example.a, source: 'https://north.example.org', data: 1 }
    """
    And the event is received:
    """yaml
    { type: org.example.a, source: 'https://east.example.org', data: 2 }
    """
    And the event is received:
    """yaml
    { type: org.example.a, source: 'https://south.example.org', data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 3 ]
    """

  Scenario: The expression of a filter sees the task's input and the context
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-expression-of-a-filter-sees-the-task-s-input-and-the-con
      version: '1.0.0'
    do:
      - limit:
          set: { limit: 38 }
          export: { as: '${ { unit: "C" } }' }
      - hear:
          listen:
            to:
              one:
                with:
                  type: org.example.temperature
                  data: ${ .value > $input.limit and .unit == $context.unit }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.temperature, data: { value: 100, unit: F } }
    """
    And the event is received:
    """yaml
    { type: org.example.temperature, data: { value: 38, unit: C } }
    """
    And the event is received:
    """yaml
    { type: org.example.temperature, data: { value: 39, unit: C } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { value: 39, unit: C } ]
    """

  Scenario: Data may be compared as a whole
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: data-may-be-compared-as-a-whole
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping, data: { a: 1, b: [ 2 ] } } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.ping, data: { a: 1, b: [ 3 ] } }
    """
    And the event is received:
    """yaml
    { type: org.example.ping, data: { b: [ 2 ], a: 1 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { a: 1, b: [ 2 ] } ]
    """

  Scenario: The whole event can be read
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-whole-event-can-be-read
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: org.example.ping } } }, read: envelope }
          output: { as: "${ .[0] | { id, type, data } }" }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { id: e-1, type: org.example.ping, data: 5 }
    """
    Then the workflow should complete with output:
    """yaml
    { id: e-1, type: org.example.ping, data: 5 }
    """

  Scenario: One after the other
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: one-after-the-other
      version: '1.0.0'
    do:
      - first:
          listen: { to: { one: { with: { type: org.example.n } } } }
          output: { as: ".[0]" }
      - second:
          listen: { to: { one: { with: { type: org.example.n } } } }
          output: { as: "${ [ $input, .[0] ] }" }
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
    [ 1, 2 ]
    """

  Scenario: Two branches that listen for the same event both get it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: two-branches-that-listen-for-the-same-event-both-get-it
      version: '1.0.0'
    do:
      - both:
          fork:
            branches:
              - one:
                  listen: { to: { one: { with: { type: org.example.n } } } }
              - two:
                  listen: { to: { one: { with: { type: org.example.n } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    { type: org.example.n, data: 1 }
    """
    Then the workflow should complete with output:
    """yaml
    [ [ 1 ], [ 1 ] ]
    """

  Scenario: The first of two events wins where branches compete
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-first-of-two-events-wins-where-branches-compete
      version: '1.0.0'
    do:
      - race:
          fork:
            compete: true
            branches:
              - yes:
                  listen: { to: { one: { with: { type: org.example.yes } } } }
                  output: { as: '"yes"' }
              - no:
                  listen: { to: { one: { with: { type: org.example.no } } } }
                  output: { as: '"no"' }
    """
    When the workflow is started
    And the event is received:
    """yaml
    type: org.example.no
    """
    Then the workflow should complete with output:
    """yaml
    no
    """
    And yes should cancel
    When the event is received:
    """yaml
    type: org.example.yes
    """
    Then 0 runs should take the event

  Scenario Outline: A text is the value itself, or a pattern for the whole of it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-text-is-the-value-itself-or-a-pattern-for-the-whole-of-it
      version: '1.0.0'
    do:
      - hear:
          listen: { to: { one: { with: { type: '<wanted>' } } } }
    """
    When the workflow is started
    And the event is received:
    """yaml
    type: <type>
    data: { n: 1 }
    """
    Then <runs> run should take the event

    Examples:
      | wanted                     | type                     | runs |
      | org\\.example\\.order\\..* | org.example.order.placed | 1    |
      | org\\.example\\.order\\..* | org.example.bill.placed  | 0    |
      | order\\.placed             | org.example.order.placed | 0    |
      | org.example.[a-z]+         | org.example.placed       | 1    |
      | org.example.[placed        | org.example.[placed      | 1    |
      | org.example.[placed        | org.example.placed       | 0    |
      | org.example.placed         | org-example.placed       | 0    |
