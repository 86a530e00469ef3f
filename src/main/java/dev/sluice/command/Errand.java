package dev.sluice.command;

import dev.sluice.database.DatabaseVisit;
import java.io.PrintStream;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** A visit to the database by a command, with the settings of the gateway and without its server. */
final class Errand {
    private static final int TROUBLE = 2;

    private Errand() {}

    /** Only the settings are read by Spring: no bean is made. */
    @Configuration(proxyBeanMethods = false)
    static class Nothing {}

    /** What is to be done there; gives the exit code. */
    interface Work {
        int done(Environment settings, DatabaseVisit visit);
    }

    /**
     * @param cannot how the sentence begins that says why it did not work
     * @param otherwise what to do besides stopping a gateway that is in the way
     * @return the exit code
     */
    static int run(String cannot, String otherwise, PrintStream err, String[] arguments, Work work) {
        try (ConfigurableApplicationContext settings = new SpringApplicationBuilder(Nothing.class)
                .web(WebApplicationType.NONE)
                .logStartupInfo(false)
                .registerShutdownHook(false)
                .run(arguments)) {
            DatabaseVisit visit = DatabaseVisit.of(settings.getEnvironment(), otherwise);
            try {
                return work.done(settings.getEnvironment(), visit);
            } finally {
                visit.end();
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            err.println(cannot + " " + e.getMessage());
            return TROUBLE;
        } catch (RuntimeException e) {
            err.println(cannot + " " + (e.getCause() == null ? e : e.getCause()));
            return TROUBLE;
        }
    }
}
