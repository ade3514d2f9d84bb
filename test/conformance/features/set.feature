Feature: set
  The output of a task that sets data is what its template gives.

  Scenario: A template of constants and expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-template-of-constants-and-expressions
      version: '1.0.0'
    do:
      - shape:
          set:
            name: circle
            size: ${ .size }
            area: ${ .size.radius * .size.radius * 3 }
    """
    And given the workflow input is:
    """yaml
    size: { radius: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: circle
    size: { radius: 2 }
    area: 12
    """

  Scenario: An expression alone gives any value
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-alone-gives-any-value
      version: '1.0.0'
    do:
      - number:
          set: ${ .a + .b }
    """
    And given the workflow input is:
    """yaml
    { a: 1, b: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """

  Scenario: An expression deep in lists and objects
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-deep-in-lists-and-objects
      version: '1.0.0'
    do:
      - deep:
          set:
            list: [ 1, "${ .x }", { inner: [ "${ .x + 1 }" ] } ]
    """
    And given the workflow input is:
    """yaml
    x: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    list: [ 1, 5, { inner: [ 6 ] } ]
    """

  Scenario: Text that only looks like an expression is text when it comes from the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: text-that-only-looks-like-an-expression-is-text-when-it-come
      version: '1.0.0'
    do:
      - copy:
          set:
            text: ${ .text }
    """
    And given the workflow input is:
    """yaml
    text: '${ .secret }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    text: '${ .secret }'
    """

  Scenario: Keys of a template are no expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: keys-of-a-template-are-no-expressions
      version: '1.0.0'
    do:
      - keys:
          set:
            a.b: ${ .x }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a.b: 1
    """

  Scenario: The output replaces the input as a whole
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-output-replaces-the-input-as-a-whole
      version: '1.0.0'
    do:
      - first:
          set: { a: 1 }
      - second:
          set: { b: "${ .a }" }
    """
    And given the workflow input is:
    """yaml
    old: true
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 1
    """

  Scenario: An expression without an answer gives null
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-without-an-answer-gives-null
      version: '1.0.0'
    do:
      - empty:
          set:
            nothing: ${ empty }
            missing: ${ .missing }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { nothing: null, missing: null }
    """

  Scenario: Of several answers the first counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: of-several-answers-the-first-counts
      version: '1.0.0'
    do:
      - many:
          set:
            first: ${ .items[] }
    """
    And given the workflow input is:
    """yaml
    items: [ 7, 8, 9 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    first: 7
    """

  Scenario: An expression that fails is an error of the task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-that-fails-is-an-error-of-the-task
      version: '1.0.0'
    do:
      - good:
          set: { a: 1 }
      - bad:
          set:
            x: ${ .a | error("no") }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/1/bad
    """
    And good should complete
    And bad should fault

  Scenario: Null, false, numbers and empty values stay what they are
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: null-false-numbers-and-empty-values-stay-what-they-are
      version: '1.0.0'
    do:
      - values:
          set:
            a: null
            b: false
            c: 0
            d: 1.5
            e: ''
            f: {}
            g: []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: null, b: false, c: 0, d: 1.5, e: '', f: {}, g: [] }
    """
