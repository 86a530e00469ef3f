package dev.sluice.server;

import dev.sluice.database.DataDirectory;
import java.io.PrintStream;
import java.nio.file.Files;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** What the program says once it is up: where it is, how to sign in, and the first call. */
@Component
final class FirstWords {
    private final DataDirectory directory;

    FirstWords(DataDirectory directory) {
        this.directory = directory;
    }

    @EventListener
    void say(ApplicationReadyEvent ready) {
        if (ready.getApplicationContext() instanceof ReactiveWebServerApplicationContext context
                && context.getWebServer() != null) {
            say(System.out, context.getWebServer().getPort());
        }
    }

    private void say(PrintStream out, int port) {
        String here = "http://localhost:" + port;
        boolean generated = Files.exists(directory.path().resolve("root-password"));
        out.println();
        out.println("  Sluice is ready at " + here + "   (API reference: " + here + "/api/docs)");
        out.println("  Sign in as root; the password is "
                + (generated ? "in " + directory.path().resolve("root-password") : "the one you set"));
        out.println("  Then add a channel and a token, and call:");
        out.println("    curl " + here + "/v1/chat/completions -H 'Authorization: Bearer sk-…' \\");
        out.println("      -H 'Content-Type: application/json' \\");
        out.println("      -d '{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'");
        out.println();
    }
}
