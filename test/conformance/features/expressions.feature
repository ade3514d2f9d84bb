Feature: expressions
  Expressions are jq, and see the arguments of their place.

  Scenario: Arithmetic, text, lists and objects of jq
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: arithmetic-text-lists-and-objects-of-jq
      version: '1.0.0'
    do:
      - all:
          set:
            sum: ${ [ .n[] ] | add }
            text: ${ "n is \(.n | length)" }
            keys: '${ { b: 1, a: 2 } | keys }'
            mapped: ${ .n | map(. * 2) }
            picked: ${ .n | map(select(. > 1)) }
            joined: ${ .n | map(tostring) | join("-") }
            entries: '${ { a: 1 } | to_entries }'
    """
    And given the workflow input is:
    """yaml
    n: [ 1, 2, 3 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    sum: 6
    text: n is 3
    keys: [ a, b ]
    mapped: [ 2, 4, 6 ]
    picked: [ 2, 3 ]
    joined: 1-2-3
    entries: [ { key: a, value: 1 } ]
    """

  Scenario: Conditions, alternatives and reductions of jq
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: conditions-alternatives-and-reductions-of-jq
      version: '1.0.0'
    do:
      - all:
          set:
            if: ${ if .n > 1 then "many" else "one" end }
            alternative: ${ .missing // "none" }
            reduced: ${ reduce range(5) as $i (0; . + $i) }
            tried: ${ try error("x") catch "caught" }
            defined: '${ def double(f): f * 2; double(.n) }'
            destructured: '${ . as { n: $m } | $m }'
    """
    And given the workflow input is:
    """yaml
    n: 3
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    if: many
    alternative: none
    reduced: 10
    tried: caught
    defined: 6
    destructured: 3
    """

  Scenario: null and a list: null adds nothing
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: null-and-a-list-null-adds-nothing
      version: '1.0.0'
    do:
      - all:
          set: { list: "${ .list + [1] }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    list: [ 1 ]
    """

  Scenario: $workflow has the run, its definition and its raw input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: workflow-has-the-run-its-definition-and-its-raw-input
      version: '1.0.0'
    input: { from: .inner }
    do:
      - look:
          set:
            name: ${ $workflow.definition.document.name }
            input: ${ $workflow.input }
            id: ${ $workflow.id | type }
            started: ${ ($workflow.startedAt.epoch.milliseconds / 1000 | floor) == $workflow.startedAt.epoch.seconds }
            iso: ${ $workflow.startedAt.iso8601 | endswith("Z") }
    """
    And given the workflow input is:
    """yaml
    inner: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: workflow-has-the-run-its-definition-and-its-raw-input
    input: { inner: 1 }
    id: string
    started: true
    iso: true
    """

  Scenario: $task has the task, its definition and its raw input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: task-has-the-task-its-definition-and-its-raw-input
      version: '1.0.0'
    do:
      - look:
          input: { from: .n }
          metadata: { colour: blue }
          set:
            name: ${ $task.name }
            reference: ${ $task.reference }
            input: ${ $task.input }
            colour: ${ $task.definition.metadata.colour }
            started: ${ $task.startedAt.epoch.seconds >= $workflow.startedAt.epoch.seconds }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: look
    reference: /do/0/look
    input: { n: 1 }
    colour: blue
    started: true
    """

  Scenario: $task.output is the output before output.as
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: task-output-is-the-output-before-output-as
      version: '1.0.0'
    do:
      - look:
          set: { n: 1 }
          output: { as: '${ { raw: $task.output, point: . } }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    raw: { n: 1 }
    point: { n: 1 }
    """

  Scenario: $runtime names what runs it
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: runtime-names-what-runs-it
      version: '1.0.0'
    do:
      - look:
          set: { name: "${ $runtime.name }", version: "${ $runtime.version | type }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { name: comity, version: string }
    """

  Scenario: now is the time of the journal
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: now-is-the-time-of-the-journal
      version: '1.0.0'
    do:
      - one:
          wait: { hours: 2 }
      - two:
          set: { hours: "${ ((now - $workflow.startedAt.epoch.seconds) / 3600) | round }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    hours: 2
    """

  Scenario: The environment of the hub is not seen
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-environment-of-the-hub-is-not-seen
      version: '1.0.0'
    do:
      - look:
          set: { env: "${ env | length }", home: "${ $ENV.HOME }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { env: 0, home: null }
    """

  Scenario: Where a condition is meant it may stand without its mark
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: where-a-condition-is-meant-it-may-stand-without-its-mark
      version: '1.0.0'
    do:
      - one:
          if: .n > 1
          set: { at: one }
      - two:
          if: ${ .at == "one" }
          set: { at: two }
    """
    And given the workflow input is:
    """yaml
    n: 2
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: two
    """

  Scenario: Text with an expression in the middle of it is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: text-with-an-expression-in-the-middle-of-it-is-refused
      version: '1.0.0'
    do:
      - one:
          set: { text: 'Hello ${ .name }!' }
    """
    When the workflow is executed
    Then the workflow should be refused with "middle"

  Scenario: An expression that is no jq is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-expression-that-is-no-jq-is-refused
      version: '1.0.0'
    do:
      - one:
          set: { n: "${ .a + }" }
    """
    When the workflow is executed
    Then the workflow should be refused with "jq"

  Scenario: A variable that nobody gives is refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-variable-that-nobody-gives-is-refused
      version: '1.0.0'
    do:
      - one:
          set: { n: "${ $nothing }" }
    """
    When the workflow is executed
    Then the workflow should be refused with "$nothing"

  Scenario: What does not end is ended
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-does-not-end-is-ended
      version: '1.0.0'
    do:
      - one:
          set: { n: "${ [ repeat(1) ] | length }" }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    instance: /do/0/one
    """

  Scenario: Large numbers, deep values and odd keys
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: large-numbers-deep-values-and-odd-keys
      version: '1.0.0'
    do:
      - all:
          set:
            large: ${ 9007199254740991 }
            odd: ${ .["a key"]["ü"] }
            deep: ${ .deep | [ paths ] | length }
    """
    And given the workflow input is:
    """yaml
    a key: { ü: 1 }
    deep: { a: { b: { c: { d: 1 } } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    large: 9007199254740991
    odd: 1
    deep: 4
    """

  Scenario: Text keeps its characters
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: text-keeps-its-characters
      version: '1.0.0'
    do:
      - all:
          set:
            upper: ${ .text | ascii_upcase }
            length: ${ .text | length }
            same: ${ .text }
    """
    And given the workflow input is:
    """yaml
    text: 'naïve 🦉 "quoted" \n'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    upper: 'NAïVE 🦉 "QUOTED" \N'
    length: 19
    same: 'naïve 🦉 "quoted" \n'
    """
