Feature: schedule
  A published workflow runs by itself: by the clock, after its last run, or when events come.

  Scenario: Every hour
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: every-hour
      version: '1.0.0'
    schedule: { every: { hours: 1 } }
    do:
      - say:
          set: { said: true }
    """
    When the workflow is published
    And 59 minutes pass
    Then 0 runs should be started
    When 1 minute passes
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    said: true
    """
    When 3 hours pass
    Then 4 runs should be started

  Scenario: Every hour, whether the last run is over or not
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: every-hour-whether-the-last-run-is-over-or-not
      version: '1.0.0'
    schedule: { every: PT1H }
    do:
      - rest:
          wait: { hours: 10 }
    """
    When the workflow is published
    And 3 hours pass
    Then 3 runs should be started
    And the workflow should be running

  Scenario: At the minutes that a cron expression means
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: at-the-minutes-that-a-cron-expression-means
      version: '1.0.0'
    schedule: { cron: '15 3 * * 1' }
    do:
      - say:
          set: { at: "${ $workflow.startedAt.iso8601 }" }
    """
    When the time is 2050-01-30T12:00:00Z
    And the workflow is published
    And 15 hours pass
    Then 0 runs should be started
    When 15 minutes pass
    Then 1 run should be started
    And the workflow should have started at 2050-01-31T03:15:00Z
    When 7 days pass
    Then 2 runs should be started

  Scenario: An hour after the end of the last run
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-hour-after-the-end-of-the-last-run
      version: '1.0.0'
    schedule: { after: { hours: 1 } }
    do:
      - rest:
          wait: { minutes: 30 }
    """
    When the workflow is published
    And 1 hour passes
    Then 1 run should be started
    When 89 minutes pass
    Then 1 run should be started
    When 1 minute passes
    Then 2 runs should be started

  Scenario: An event starts a run, and is its input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-event-starts-a-run-and-is-its-input
      version: '1.0.0'
    schedule: { on: { one: { with: { type: org.example.order } } } }
    do:
      - read:
          set: { orders: "${ [ .[].data.id ] }", count: "${ $workflow.input | length }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.order, data: { id: 7 } }
    """
    Then 1 run should take the event
    And 1 run should be started
    And the workflow should complete with output:
    """yaml
    { orders: [ 7 ], count: 1 }
    """

  Scenario: Another event starts nothing
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: another-event-starts-nothing
      version: '1.0.0'
    schedule: { on: { one: { with: { type: org.example.order } } } }
    do:
      - read:
          set: { n: 1 }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.offer, data: { id: 7 } }
    """
    Then 0 runs should be started

  Scenario: Events whose type fits a pattern start runs
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: events-whose-type-fits-a-pattern-start-runs
      version: '1.0.0'
    schedule: { on: { one: { with: { type: 'org\.example\.order\.(new|changed)' } } } }
    do:
      - say:
          set: { type: "${ $workflow.input[0].type }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    type: org.example.order.gone
    """
    Then 0 runs should be started
    When the event is received:
    """yaml
    type: org.example.order.changed
    """
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    type: org.example.order.changed
    """

  Scenario: Each event starts its own run, the same one none
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: each-event-starts-its-own-run-the-same-one-none
      version: '1.0.0'
    schedule: { on: { one: { with: { type: org.example.order } } } }
    do:
      - read:
          set: { id: "${ .[0].data }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { id: o-1, type: org.example.order, data: 1 }
    """
    And the same event is received again
    Then 1 run should be started
    When the event is received:
    """yaml
    { id: o-2, type: org.example.order, data: 2 }
    """
    Then 2 runs should be started
    And the workflow should complete with output:
    """yaml
    id: 2
    """

  Scenario: Any of several events starts a run
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: any-of-several-events-starts-a-run
      version: '1.0.0'
    schedule:
      on:
        any:
          - with: { type: org.example.a }
          - with: { type: org.example.b }
    do:
      - read:
          set: { data: "${ .[0].data }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    data: b
    """

  Scenario: All of several events start one run, which gets them all
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: all-of-several-events-start-one-run-which-gets-them-all
      version: '1.0.0'
    schedule:
      on:
        all:
          - with: { type: org.example.a }
          - with: { type: org.example.b }
    do:
      - read:
          set: { data: "${ [ .[].data ] | sort }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.b, data: b }
    """
    Then 0 runs should be started
    When the event is received:
    """yaml
    { type: org.example.a, data: a }
    """
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    data: [ a, b ]
    """

  Scenario: Events of one order start its run
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: events-of-one-order-start-its-run
      version: '1.0.0'
    schedule:
      on:
        all:
          - with: { type: org.example.a }
            correlate: { order: { from: .data.order } }
          - with: { type: org.example.b }
            correlate: { order: { from: .data.order } }
    do:
      - read:
          set: { orders: "${ [ .[].data.order ] }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.a, data: { order: 1 } }
    """
    And the event is received:
    """yaml
    { type: org.example.b, data: { order: 2 } }
    """
    Then 0 runs should be started
    When the event is received:
    """yaml
    { type: org.example.b, data: { order: 1 } }
    """
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    orders: [ 1, 1 ]
    """

  Scenario: A schedule outlives a restart
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-schedule-outlives-a-restart
      version: '1.0.0'
    schedule: { every: { hours: 4 } }
    do:
      - say:
          set: { said: true }
    """
    When the workflow is published
    And 3 hours pass
    And the hub is restarted
    Then 0 runs should be started
    When 1 hour passes
    Then 1 run should be started

  Scenario: What was missed is made up for once
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-was-missed-is-made-up-for-once
      version: '1.0.0'
    schedule: { every: { hours: 1 } }
    do:
      - say:
          set: { said: true }
    """
    When the workflow is published
    And the hub is down for 10 hours
    Then 1 run should be started
    When 1 hour passes
    Then 2 runs should be started

  Scenario: Events that have come before a restart count after it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: events-that-have-come-before-a-restart-count-after-it
      version: '1.0.0'
    schedule:
      on:
        all:
          - with: { type: org.example.a }
          - with: { type: org.example.b }
    do:
      - read:
          set: { count: "${ length }" }
    """
    When the workflow is published
    And the event is received:
    """yaml
    { type: org.example.a }
    """
    And the hub is restarted
    And the event is received:
    """yaml
    { type: org.example.b }
    """
    Then 1 run should be started
    And the workflow should complete with output:
    """yaml
    count: 2
    """

  Scenario: What one workflow publishes starts another
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-one-workflow-publishes-starts-another
      version: '1.0.0'
    schedule: { on: { one: { with: { type: org.example.ready } } } }
    do:
      - read:
          set: { heard: "${ .[0].data }" }
    """
    When the workflow is published
    And another run of a workflow is executed with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: conformance, name: teller, version: '1.0.0' }
    do:
      - tell:
          emit: { event: { with: { source: 'https://example.org', type: org.example.ready, data: hello } } }
    """
    Then 2 runs should be started
    And the workflow should complete with output:
    """yaml
    heard: hello
    """

  Scenario: A newer version takes the place of the one before
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-newer-version-takes-the-place-of-the-one-before
      version: '1.0.0'
    schedule: { every: { hours: 1 } }
    do:
      - say:
          set: { version: 1 }
    """
    When the workflow is published
    And 1 hour passes
    Then 1 run should be started
    When another version is published with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: conformance, name: a-newer-version-takes-the-place-of-the-one-before, version: '2.0.0' }
    schedule: { every: { hours: 2 } }
    do:
      - say:
          set: { version: 2 }
    """
    And 1 hour passes
    Then 1 run should be started
    When 1 hour passes
    Then 2 runs should be started
    And the workflow should complete with output:
    """yaml
    version: 2
    """
