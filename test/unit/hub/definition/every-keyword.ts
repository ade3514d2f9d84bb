/** One workflow with every kind of task and about every key of the language that the hub supports. */
export const everyKeyword = `# Comments are fine.
document:
  dsl: '1.0.3'
  namespace: tests
  name: every-keyword
  version: 1.2.3-beta.1+build
  title: Everything
  summary: One of *each*
  tags: { domain: health }
  metadata: { owner: us, list: [ 1, { a: b } ] }
input:
  schema: { format: json, document: { type: object, required: [ items ] } }
  from: '\${ . + { key: $secrets.gateway.key } }'
use:
  secrets: [ gateway, client ]
  timeouts:
    short: { after: PT30S }
  errors:
    lost: { type: https://example.org/errors/lost, status: 424, title: Lost, detail: '\${ "lost \\(.id)" }' }
  authentications:
    me: { basic: { username: u, password: '\${ $secrets.client.password }' } }
    token: { bearer: { use: gateway } }
    open:
      oauth2:
        authority: https://id.example.org/
        grant: client_credentials
        client: { id: c, secret: '\${ $secrets.client.secret }', authentication: client_secret_post }
        endpoints: { token: /oauth2/token }
        scopes: [ read ]
    discovered: { oidc: { authority: https://id.example.org/, grant: password, username: u, password: p } }
  retries:
    often:
      when: '\${ $error.status >= 500 }'
      delay: { seconds: 1 }
      backoff: { exponential: {} }
      jitter: { from: { milliseconds: 0 }, to: { milliseconds: 500 } }
      limit: { attempt: { count: 4, duration: PT10S }, duration: { minutes: 5 } }
  functions:
    greet: { set: { text: '\${ "Hello \\(.name)" }' } }
  extensions:
    - audit:
        extend: call
        when: '\${ $task.definition.call == "http" }'
        before:
          - say: { set: { seen: true } }
        after:
          - done: { set: { seen: '\${ $task.name }' } }
timeout: { after: { days: 1 } }
schedule: { cron: '0 2 * * mon' }
evaluate: { language: jq, mode: strict }
do:
  - hello:
      call: greet
      if: .name != null
      with: { name: '\${ .name }' }
      timeout: short
      metadata: { note: none }
      output: { as: .text, schema: { document: { type: string } } }
      export: { as: '\${ $context + { hello: $output } }' }
  - calls:
      do:
        - get:
            call: http
            with:
              method: get
              endpoint: { uri: 'https://pets.example.org/{id}', authentication: { use: me } }
              headers: { Accept: application/json, X-Id: '\${ .id }' }
              query: '\${ { a: "b" } }'
              output: response
              redirect: true
            timeout: { after: PT1M }
        - post: { call: http, with: { method: POST, endpoint: '\${ .url }', body: { a: [ '\${ .b }' ] } } }
        - open:
            call: openapi
            with:
              document: { name: pets, endpoint: https://pets.example.org/openapi.json }
              operationId: findPets
              parameters: { status: '\${ .status }' }
              authentication: { bearer: { token: '\${ $secrets.gateway.key }' } }
        - remote:
            call: grpc
            with:
              proto: { endpoint: https://pets.example.org/pets.proto }
              service: { name: Pets, host: pets.example.org, port: 443, authentication: { use: token } }
              method: Get
              arguments: { id: '\${ .id }' }
        - tool:
            call: mcp
            with:
              protocolVersion: '2025-06-18'
              method: tools/call
              parameters: { name: search, arguments: { q: '\${ .q }' } }
              timeout: PT10S
              transport: { http: { endpoint: https://mcp.example.org/mcp, headers: { A: b } } }
              client: { name: comity, version: 1.0.0 }
        - average:
            call: fed.average:1.0.0@default
            with:
              rounds: '\${ .rounds }'
              local: { epochs: 2 }
              at: { where: 'site.online && site.labels.gpu == "true"', score: 'site.online ? 1.0 : 0.0' }
  - attempt:
      try:
        - fetch: { raise: { error: lost } }
      catch:
        errors: { with: { status: 424, type: https://example.org/errors/lost } }
        as: problem
        when: '\${ $problem.status == 424 }'
        exceptWhen: $problem.title == "never"
        retry: often
        do:
          - note: { set: { said: '\${ $problem.detail }' } }
        then: loop
      then: continue
  - loop:
      for: { each: one, in: '\${ .items }', at: place }
      while: '\${ $place < 10 }'
      do:
        - add: { set: { sum: '\${ $one + $place }' } }
        - inner: { for: { in: [ { a: 1 }, { a: '\${ .x }' } ] }, do: [ { keep: { set: '\${ $item + { at: $index } }' } } ] }
  - side:
      fork:
        compete: true
        branches:
          - left: { wait: { seconds: 1 } }
          - right: { wait: PT0.5S }
          - late: { wait: '\${ .delay }' }
  - hear:
      listen:
        to:
          any:
            - with: { type: org.example.news, source: https://news.example.org/, data: '\${ .level > 3 }' }
              correlate: { run: { from: .data.run, expect: '\${ $workflow.id }' }, room: { from: '\${ .subject }' } }
          until: { one: { with: { type: org.example.done } } }
        read: envelope
      foreach:
        item: news
        at: count
        do:
          - keep: { set: { news: '\${ $news.data }', count: '\${ $count }' } }
        output: { as: '\${ .news }' }
        export: { as: '\${ $context + { last: $output } }' }
  - whatever: { listen: { to: { any: [] } } }
  - both: { listen: { to: { all: [ { with: { type: a.b } }, { with: { type: c.d } } ] } } }
  - single: { listen: { to: { one: { with: { type: a.b, orderid: '7' } } }, read: data } }
  - until: { listen: { to: { any: [ { with: { type: a.b } } ], until: '\${ .enough }' } } }
  - choose:
      switch:
        - many: { when: .sum > 10, then: tell }
        - few: { when: '\${ .sum > 1 }', then: exit }
        - none: { then: end }
  - tell:
      emit:
        event:
          with:
            id: '\${ $workflow.id }'
            source: https://hub.example.org/
            type: org.example.told.v1
            time: 2026-01-31T12:00:00Z
            subject: all
            datacontenttype: application/json
            dataschema: https://hub.example.org/schema
            traceid: abc
            data: { sum: '\${ .sum }' }
  - sub:
      run:
        workflow: { namespace: tests, name: other, version: 2.0.1, input: { from: '\${ .sum }' } }
        await: false
  - last: { raise: { error: { type: https://example.org/errors/x, status: 500, instance: /do/0/a, title: No } }, if: .bad }
output: { as: '\${ { sum: $context.hello } }', schema: { document: true } }
`;
