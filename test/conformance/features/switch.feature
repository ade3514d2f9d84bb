Feature: switch
  The first case that matches says where to go.

  Scenario: The first of two cases that match counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-first-of-two-cases-that-match-counts
      version: '1.0.0'
    do:
      - choose:
          switch:
            - small:
                when: .n < 10
                then: a
            - smaller:
                when: .n < 5
                then: b
      - b:
          set: { at: b }
          then: end
      - a:
          set: { at: a }
    """
    And given the workflow input is:
    """yaml
    n: 3
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: a
    """
    And b should not run

  Scenario: The default counts only when nothing else does, wherever it stands
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-default-counts-only-when-nothing-else-does-wherever-it-s
      version: '1.0.0'
    do:
      - choose:
          switch:
            - other:
                then: b
            - three:
                when: .n == 3
                then: a
      - a:
          set: { at: a }
          then: end
      - b:
          set: { at: b }
    """
    And given the workflow input is:
    """yaml
    n: 3
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: a
    """

  Scenario: The default is taken
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: the-default-is-taken
      version: '1.0.0'
    do:
      - choose:
          switch:
            - three:
                when: .n == 3
                then: a
            - other:
                then: b
      - a:
          set: { at: a }
          then: end
      - b:
          set: { at: b }
    """
    And given the workflow input is:
    """yaml
    n: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: b
    """

  Scenario: Without a match and a default the list goes on
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-a-match-and-a-default-the-list-goes-on
      version: '1.0.0'
    do:
      - choose:
          switch:
            - three:
                when: .n == 3
                then: end
      - next:
          set: { n: "${ .n + 1 }" }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 6
    """

  Scenario: Without a match the task's own directive counts
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: without-a-match-the-task-s-own-directive-counts
      version: '1.0.0'
    do:
      - choose:
          switch:
            - three:
                when: .n == 3
                then: next
          then: end
      - next:
          set: { n: 0 }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 5
    """

  Scenario: A case may end the workflow, and the output is the input
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-case-may-end-the-workflow-and-the-output-is-the-input
      version: '1.0.0'
    do:
      - choose:
          switch:
            - always:
                when: 'true'
                then: end
      - next:
          set: { n: 0 }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 5
    """
    And choose should complete with output:
    """yaml
    n: 5
    """

  Scenario: A case may leave the list
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-case-may-leave-the-list
      version: '1.0.0'
    do:
      - outer:
          do:
            - choose:
                switch:
                  - always:
                      when: ${ true }
                      then: exit
            - next:
                set: { n: 0 }
      - last:
          set: { n: "${ .n * 2 }" }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 10
    """

  Scenario: A condition may be any value: null and false do not hold
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-condition-may-be-any-value-null-and-false-do-not-hold
      version: '1.0.0'
    do:
      - zero:
          switch:
            - nothing:
                when: .missing
                then: end
            - something:
                when: .zero
                then: found
      - found:
          set: { found: zero }
    """
    And given the workflow input is:
    """yaml
    { zero: 0 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    found: zero
    """

  Scenario: A case behind the match is not asked
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-case-behind-the-match-is-not-asked
      version: '1.0.0'
    do:
      - choose:
          switch:
            - good:
                when: .n == 1
                then: found
            - bad:
                when: .n | error("asked")
                then: end
      - found:
          set: { n: 2 }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """

  Scenario: A case before the match that fails is an error
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: a-case-before-the-match-that-fails-is-an-error
      version: '1.0.0'
    do:
      - choose:
          switch:
            - bad:
                when: .n | error("asked")
                then: end
            - good:
                when: .n == 1
                then: end
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://serverlessworkflow.io/spec/1.0.0/errors/expression
    instance: /do/0/choose
    """

  Scenario: Two defaults are refused
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: conformance
      name: two-defaults-are-refused
      version: '1.0.0'
    do:
      - choose:
          switch:
            - a:
                then: end
            - b:
                then: end
    """
    When the workflow is executed
    Then the workflow should be refused with "default"
