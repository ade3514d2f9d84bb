/** The back ends of TensorFlow.js, fastest first. In a file of its own: the main thread and the configuration must not load TensorFlow. */
export const backendNames = ["tensorflow", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];
