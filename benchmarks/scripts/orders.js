// k6: the one request, its status checked.
import http from 'k6/http';
import { check } from 'k6';

http.setResponseCallback(http.expectedStatuses(200, 400));
const params = { headers: { 'Content-Type': 'application/json' } };

export default function () {
  const answer = http.post(__ENV.URL, __ENV.BODY, params);
  check(answer, { expected: (r) => r.status === 200 || r.status === 400 });
}
