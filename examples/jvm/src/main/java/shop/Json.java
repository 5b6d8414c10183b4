package shop;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.tomcat.util.json.JSONFilter;
import org.apache.tomcat.util.json.JSONParser;
import org.apache.tomcat.util.json.ParseException;
import org.apache.tomcat.util.json.TokenMgrError;

/** The few lines of JSON that the servlets need, over the parser that Tomcat brings along. */
final class Json {
    static final int LONGEST = 200;
    private static final int MOST_BODY_BYTES = 65_536;
    private static final BigInteger MOST = BigInteger.valueOf(1_000_000);

    /** The object that a request's body is. */
    static Map<String, Object> fields(HttpServletRequest request) throws IOException, BadRequest {
        byte[] body = request.getInputStream().readNBytes(MOST_BODY_BYTES + 1);
        if (body.length == 0 || body.length > MOST_BODY_BYTES) {
            throw new BadRequest("bad_body");
        }
        try {
            return new JSONParser(new String(body, StandardCharsets.UTF_8)).parseObject();
        } catch (ParseException | TokenMgrError | StackOverflowError | ClassCastException broken) {
            throw new BadRequest("bad_body"); // 64 KiB of brackets nest deeper than a stack goes
        }
    }

    static String text(Map<String, Object> fields, String name) throws BadRequest {
        if (fields.get(name) instanceof String text
                && !text.isEmpty()
                && text.length() <= LONGEST
                && text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        throw new BadRequest("bad_" + name);
    }

    /** A whole number from 1 to a million. */
    static int count(Map<String, Object> fields, String name) throws BadRequest {
        if (fields.get(name) instanceof BigInteger number && number.signum() > 0 && number.compareTo(MOST) <= 0) {
            return number.intValue();
        }
        throw new BadRequest("bad_" + name);
    }

    static String quoted(String text) {
        return '"' + JSONFilter.escape(text) + '"';
    }

    static void send(HttpServletResponse response, int status, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("application/json");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private Json() {}
}
