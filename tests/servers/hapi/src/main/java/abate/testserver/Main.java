package abate.testserver;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.config.JpaConfig;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.search.IStaleSearchDeletingSvc;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** A HAPI FHIR JPA server that says READY with its address, and lives as long as its stdin. */
public final class Main {

    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final int LONGEST_HEADER = 64 * 1024;

    private Main() {}

    /** Starts the server; returns only by ending the process. */
    public static void main(String[] arguments) {
        try {
            serve(Options.parse(arguments));
        } catch (IllegalArgumentException exception) {
            System.err.println(exception.getMessage() + "\n" + Options.USAGE);
            Runtime.getRuntime().halt(2);
        } catch (Exception exception) {
            LOG.error("The server did not start", exception);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void serve(Options options) throws Exception {
        endWithParent();
        AnnotationConfigApplicationContext beans = beans(options);
        keepHouse(beans);
        String base = listen(options, restfulServer(beans));
        checkThatItAnswers(base);
        System.out.println("READY " + base);
        System.out.flush();
    }

    /** The parent holds our stdin: its end is ours, also when the parent was killed. */
    private static void endWithParent() {
        Thread watcher = new Thread(Main::endWithStdin, "stdin");
        watcher.setDaemon(true);
        watcher.start();
    }

    private static void endWithStdin() {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (IOException exception) {
            LOG.warn("stdin broke", exception);
        }
        // Everything is in memory, so there is nothing that an orderly shutdown would save.
        Runtime.getRuntime().halt(0);
    }

    private static AnnotationConfigApplicationContext beans(Options options) {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.registerBean(Options.class, () -> options);
        context.register(Beans.of(options.release()));
        context.refresh();
        return context;
    }

    /** Without this, $export takes over a minute and expired searches stay for as long. */
    private static void keepHouse(ApplicationContext beans) {
        IJobMaintenanceService jobs = beans.getBean(IJobMaintenanceService.class);
        IStaleSearchDeletingSvc searches = beans.getBean(IStaleSearchDeletingSvc.class);
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(Main::daemon);
        clock.scheduleWithFixedDelay(() -> attempt(jobs::runMaintenancePass), 1, 1, TimeUnit.SECONDS);
        clock.scheduleWithFixedDelay(
                () -> attempt(searches::pollForStaleSearchesAndDeleteThem), 1, 1, TimeUnit.SECONDS);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "housekeeping");
        thread.setDaemon(true);
        return thread;
    }

    /** A scheduled task that throws is never run again, so it must not throw. */
    private static void attempt(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException exception) {
            LOG.warn("Housekeeping failed", exception);
        }
    }

    private static RestfulServer restfulServer(ApplicationContext beans) {
        RestfulServer server = new RestfulServer(beans.getBean(FhirContext.class));
        server.setInterceptorService(beans.getBean(IInterceptorService.class));
        server.registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
        server.registerProvider(beans.getBean(IJpaSystemProvider.class));
        server.registerProvider(beans.getBean(BulkDataExportProvider.class));
        server.setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
        server.setServerConformanceProvider(capabilities(server, beans));
        return server;
    }

    private static JpaCapabilityStatementProvider capabilities(
            RestfulServer server, ApplicationContext beans) {
        return new JpaCapabilityStatementProvider(
                server,
                beans.getBean(IFhirSystemDao.class),
                beans.getBean(JpaStorageSettings.class),
                beans.getBean(ISearchParamRegistry.class),
                beans.getBean(JpaConfig.JPA_VALIDATION_SUPPORT_CHAIN, IValidationSupport.class));
    }

    private static String listen(Options options, RestfulServer fhir) throws Exception {
        Server jetty = new Server();
        ServerConnector connector = new ServerConnector(jetty, new HttpConnectionFactory(http()));
        connector.setHost("127.0.0.1");
        connector.setPort(options.port());
        jetty.addConnector(connector);
        ServletContextHandler handler = new ServletContextHandler("/");
        handler.addServlet(new ServletHolder(fhir), "/fhir/*");
        jetty.setHandler(handler);
        jetty.start();
        return "http://127.0.0.1:" + connector.getLocalPort() + "/fhir";
    }

    private static HttpConfiguration http() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(LONGEST_HEADER);
        configuration.setResponseHeaderSize(LONGEST_HEADER);
        // FHIR clients send `|` unescaped in a query.
        configuration.setUriCompliance(UriCompliance.LEGACY);
        return configuration;
    }

    private static void checkThatItAnswers(String base) throws IOException, InterruptedException {
        // The whole statement has 1.5 MB.
        URI uri = URI.create(base + "/metadata?_elements=fhirVersion,software");
        HttpResponse<Void> answer =
                HttpClient.newHttpClient()
                        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
        if (answer.statusCode() != 200) {
            throw new IOException("metadata answered " + answer.statusCode());
        }
    }
}
