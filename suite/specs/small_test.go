package specs

// SmallRegistry leads to few providers, so that a process which only shows what
// Ginkgo makes of a selection does not expand the corpus over all of ours.
const SmallRegistry = `
schema_version: 1
providers:
  - {name: anthropic-api, protocol: anthropic, auth_env: [ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN], base_url_template: "https://api.anthropic.com/v1"}
  - {name: openai-api, protocol: openai, auth_env: [OPENAI_API_KEY], base_url_template: "https://api.openai.com/v1"}
  - {name: groq, protocol: openai, auth_env: [GROQ_API_KEY], base_url_template: "https://api.groq.com/openai/v1"}
  - {name: platform, protocol: openai, auth_env: [P_TOKEN], base_url_template: "https://platform.example/v1"}
runtimes:
  claude-code: {providers: [{name: anthropic-api, models: ["anthropic:claude-opus-4-7"]}, {name: platform, models: [p-1]}]}
  codex: {providers: [{name: openai-api, models: [gpt-5.5]}, {name: groq, models: [g-1]}]}
`
