package shop;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A POST that is done (200) or refused (400); both are answers that were expected. */
abstract class PostServlet extends HttpServlet {

    /** The JSON of what was done. */
    abstract String done(HttpServletRequest request) throws IOException, BadRequest;

    @Override
    protected final void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            Json.send(response, 200, done(request));
        } catch (BadRequest refused) {
            Json.send(response, 400, "{\"error\": " + Json.quoted(refused.getMessage()) + "}");
        }
    }
}
