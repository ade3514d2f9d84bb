Feature: for
  A list of tasks runs once for each item, one item after the other.

  Scenario: Each item in turn, the output of one pass is the input of the next
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: each-item-in-turn-the-output-of-one-pass-is-the-input-of-the
      version: '1.0.0'
    do:
      - sum:
          for: { each: n, in: .numbers }
          do:
            - add:
                set:
                  numbers: ${ .numbers }
                  sum: ${ (.sum // 0) + $n }
      - result:
          set: ${ .sum }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3, 4 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    10
    """
    And add should run 4 times

  Scenario: The names of the item and of its place have defaults
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-names-of-the-item-and-of-its-place-have-defaults
      version: '1.0.0'
    do:
      - all:
          for: { in: .things }
          do:
            - note:
                set:
                  things: ${ .things }
                  seen: '${ .seen + [ "\($index)\($item)" ] }'
    """
    And given the workflow input is:
    """yaml
    things: [ a, b ]
    """
    When the workflow is executed
    Then the workflow output should have a 'seen' property with value:
    """yaml
    [ 0a, 1b ]
    """

  Scenario: The names of the item and of its place can be chosen
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-names-of-the-item-and-of-its-place-can-be-chosen
      version: '1.0.0'
    do:
      - all:
          for: { each: thing, at: place, in: "${ .things }" }
          do:
            - note:
                set: '${ [ $place, $thing ] }'
    """
    And given the workflow input is:
    """yaml
    things: [ a, b ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 1, b ]
    """

  Scenario: Without an item nothing runs, and the output is the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-an-item-nothing-runs-and-the-output-is-the-input
      version: '1.0.0'
    do:
      - all:
          for: { in: .things }
          do:
            - note:
                set: { x: 1 }
    """
    And given the workflow input is:
    """yaml
    things: []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    things: []
    """
    And note should not run

  Scenario: while ends the loop before the pass for which it does not hold
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: while-ends-the-loop-before-the-pass-for-which-it-does-not-ho
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: .numbers }
          while: $n < 3
          do:
            - note:
                set: { numbers: "${ .numbers }", last: "${ $n }" }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3, 1 ]
    """
    When the workflow is executed
    Then the workflow output should have a 'last' property with value:
    """yaml
    2
    """
    And note should run 2 times

  Scenario: while sees what the passes before have given
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: while-sees-what-the-passes-before-have-given
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [range(100)] }" }
          while: (.sum // 0) < 10
          do:
            - add:
                set: { sum: "${ (.sum // 0) + $n }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    sum: 10
    """
    And add should run 5 times

  Scenario: The list is taken once, at the beginning
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-list-is-taken-once-at-the-beginning
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: .numbers }
          do:
            - grow:
                set: { numbers: "${ .numbers + [ $n ] }" }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    numbers: [ 1, 2, 1, 2 ]
    """

  Scenario: exit ends one pass, not the loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: exit-ends-one-pass-not-the-loop
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: .numbers }
          do:
            - odd:
                switch:
                  - yes:
                      when: $n % 2 == 1
                      then: exit
            - note:
                set: { numbers: "${ .numbers }", even: "${ .even + [$n] }" }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3, 4 ]
    """
    When the workflow is executed
    Then the workflow output should have a 'even' property with value:
    """yaml
    [ 2, 4 ]
    """

  Scenario: end in a loop ends the workflow
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: end-in-a-loop-ends-the-workflow
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: .numbers }
          do:
            - stop:
                set: { at: "${ $n }", numbers: "${ .numbers }" }
            - perhaps:
                switch:
                  - yes:
                      when: .at == 2
                      then: end
      - never:
          set: { never: true }
    """
    And given the workflow input is:
    """yaml
    numbers: [ 1, 2, 3 ]
    """
    When the workflow is executed
    Then the workflow output should have a 'at' property with value:
    """yaml
    2
    """
    And never should not run

  Scenario: A loop in a loop sees both items
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-loop-in-a-loop-sees-both-items
      version: '1.0.0'
    do:
      - rows:
          for: { each: row, in: "${ [1, 2] }" }
          do:
            - columns:
                for: { each: column, in: "${ [10, 20] }" }
                do:
                  - cell:
                      set: { cells: "${ .cells + [ $row * $column ] }" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    cells: [ 10, 20, 20, 40 ]
    """

  Scenario: The item is gone after the loop
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-item-is-gone-after-the-loop
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [1] }" }
          do:
            - note:
                set: { x: "${ $n }" }
      - after:
          set: { x: "${ $n }" }
    """
    When the workflow is executed
    Then the workflow should be refused with "$n"

  Scenario: A list in place may hold expressions
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-list-in-place-may-hold-expressions
      version: '1.0.0'
    do:
      - all:
          for:
            each: n
            in: [ 1, "${ .two }", 3 ]
          do:
            - note:
                set: { two: "${ .two }", seen: "${ .seen + [$n] }" }
    """
    And given the workflow input is:
    """yaml
    two: 2
    """
    When the workflow is executed
    Then the workflow output should have a 'seen' property with value:
    """yaml
    [ 1, 2, 3 ]
    """

  Scenario: What is no list is an error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: what-is-no-list-is-an-error
      version: '1.0.0'
    do:
      - all:
          for: { in: .numbers }
          do:
            - note:
                set: { x: 1 }
    """
    And given the workflow input is:
    """yaml
    numbers: 3
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/all
    """

  Scenario: An error in a pass has the pointer of its task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: an-error-in-a-pass-has-the-pointer-of-its-task
      version: '1.0.0'
    do:
      - all:
          for: { each: n, in: "${ [1, 0, 1] }" }
          do:
            - divide:
                set: { x: "${ 1 / $n }" }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    instance: /do/0/all/do/0/divide
    """
    And divide should run 2 times

  Scenario: A thousand passes
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-thousand-passes
      version: '1.0.0'
    do:
      - count:
          for: { each: n, in: "${ [range(1000)] }" }
          do:
            - add:
                set: { sum: "${ .sum + $n }" }
    """
    And given the workflow input is:
    """yaml
    sum: 0
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    sum: 499500
    """
