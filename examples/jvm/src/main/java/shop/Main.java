package shop;

import jakarta.servlet.Servlet;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;

/** Coupons and orders on an embedded Tomcat: what is wired to what, and the connector's settings under Tomcat's own names. */
public final class Main {
    private static final int KEEP_ALIVE_MS = 75_000;

    public static void main(String[] arguments) {
        try {
            Tomcat tomcat = tomcat(Settings.read(System.getenv()));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(tomcat), "stop"));
            tomcat.start();
            System.out.println("shop: ready");
        } catch (IllegalArgumentException | LifecycleException wrong) {
            System.err.println("shop: " + (wrong.getCause() == null ? wrong : wrong.getCause()).getMessage());
            System.exit(2);
        }
    }

    private static Tomcat tomcat(Settings settings) {
        Tomcat tomcat = new Tomcat();
        String temporary = System.getProperty("java.io.tmpdir"); // it is there: Tomcat makes no folder of its own then
        tomcat.setBaseDir(temporary);
        tomcat.getService().addConnector(serviceConnector(settings));
        if (settings.healthPort() != 0) {
            tomcat.getService().addConnector(healthConnector(settings.healthPort()));
        }
        Context context = tomcat.addContext("", null);
        ((StandardContext) context).setWorkDir(temporary);

        Work work = new Work(settings.workMs(), Leak.of(settings));
        Coupons coupons = new Coupons(settings.stock());
        Orders orders = new Orders(settings.orders());
        serve(context, "/coupons/" + Coupons.EVENT + "/issue", new CouponServlet(coupons, work));
        serve(context, "/orders", new OrderServlet(orders, work));
        serve(context, "/health", new HealthServlet());
        serve(context, "/ledger", new LedgerServlet(coupons, orders));
        serve(context, "/actuator/prometheus", new MetricsServlet());
        return tomcat;
    }

    private static void serve(Context context, String path, Servlet servlet) {
        Tomcat.addServlet(context, path, servlet).addMapping(path);
    }

    private static Connector serviceConnector(Settings settings) {
        Connector connector = connector(settings.port());
        set(connector, "acceptCount", settings.acceptCount());
        set(connector, "maxConnections", settings.maxConnections());
        set(connector, "maxThreads", settings.maxThreads());
        set(connector, "minSpareThreads", Math.min(10, settings.maxThreads()));
        set(connector, "connectionTimeout", settings.connectionTimeoutMs());
        return connector;
    }

    /** Asked through a full service port, a health check kills a healthy process, and a scrape finds nothing. */
    private static Connector healthConnector(int port) {
        Connector connector = connector(port);
        set(connector, "maxThreads", 4);
        set(connector, "minSpareThreads", 1);
        return connector;
    }

    private static Connector connector(int port) {
        Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
        connector.setPort(port);
        connector.setThrowOnFailure(true); // a port that is taken ends the process, not only a line in the log
        set(connector, "address", "127.0.0.1");
        set(connector, "keepAliveTimeout", KEEP_ALIVE_MS);
        set(connector, "maxKeepAliveRequests", -1); // else it closes each kept connection after 100 requests
        return connector;
    }

    /** Tomcat only warns of a name that it does not know. */
    private static void set(Connector connector, String name, Object value) {
        if (!connector.setProperty(name, String.valueOf(value))) {
            throw new IllegalArgumentException("this Tomcat has no connector property " + name);
        }
    }

    private static void stop(Tomcat tomcat) {
        try {
            tomcat.stop();
            tomcat.destroy();
        } catch (LifecycleException wrong) {
            System.err.println("shop: while stopping: " + wrong.getMessage());
        }
    }

    private Main() {}
}
