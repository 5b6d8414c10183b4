// k6: every plan of benchmarks/against_k6/plans.py as a scenario; each iteration asks once, for its scenario's path.
import http from 'k6/http';
import exec from 'k6/execution';

export const options = JSON.parse(__ENV.OPTIONS);
const paths = JSON.parse(__ENV.PATHS);

export default function () {
  const began = Date.now() - exec.instance.currentTestRunDuration;
  http.get(`${__ENV.URL}${paths[exec.scenario.name]}`, { headers: { 'X-Began': `${began}` } });
}
