/**
 * How the provider misbehaves during a run: fault of the sandbox → probability. About one answer in ten is lost after
 * the task was accepted. Half of all submits take 0.4 s, so that crashes find POSTs under way.
 */
export const PROVIDER_WEATHER: Readonly<Record<string, number>> = {
  "submit:slow:16000": 0.5,
  "submit:accept-late:40000": 0.01,
  // Nothing is accepted.
  "submit:error:500": 0.02,
  "submit:error:502": 0.02,
  "submit:error:503": 0.02,
  "submit:reset": 0.002,
  // Accepted, and the answer is lost.
  "submit:page-after-accept:504": 0.03,
  "submit:reset-after-accept": 0.03,
  "submit:hang-after-accept": 0.005,
  "submit:redirect-after-accept": 0.01,
  "submit:garbage-after-accept": 0.01,
  "submit:no-task-id-after-accept": 0.01,
  "submit:cut-after-accept": 0.01,
  // Tasks that fail, some of which may be tried again.
  "fail:Timeout": 0.04,
  "fail:SensitiveContent": 0.01,
  "status:null:2": 0.05,
  "status:not-found:3": 0.05,
  "status:error:500": 0.03,
  "status:error:401": 0.01,
  "status:page:502": 0.01,
  "status:reset": 0.01,
  "status:stale:2": 0.03,
  "status:other-task:1": 0.02,
  "result:no-urls:2": 0.03,
  "result:cut:1": 0.03,
  "result:cut-unseen:1": 0.03,
  "result:html:1": 0.02,
  "result:expired:403:1": 0.03,
  "result:error:503:1": 0.03,
  "result:reset:1": 0.02,
  "callback:duplicate": 0.05,
  "callback:early": 0.03,
  "callback:still-processing": 0.03,
  "callback:out-of-order": 0.03,
  "callback:forged": 0.03,
  "callback:wrong-token": 0.02,
  "callback:garbage": 0.02,
  "callback:late:400000": 0.02,
};
