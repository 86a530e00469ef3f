package dev.sluice.server;

import java.net.BindException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalysisReporter;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/**
 * Says in one sentence why the program does not start. A setting that is wrong is thrown as an {@link
 * IllegalArgumentException} whose message names it; Spring's own report of the beans in between helps nobody.
 */
final class WrongSetting implements FailureAnalyzer, FailureAnalysisReporter {

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String sentence = sentence(cause);
            if (sentence != null) {
                return new FailureAnalysis(sentence, null, failure);
            }
        }
        return null;
    }

    private static @Nullable String sentence(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof IllegalArgumentException && message.startsWith("SLUICE_")) {
            return message;
        }
        if (cause instanceof org.springframework.boot.context.properties.ConfigurationPropertiesBindException
                || cause instanceof org.springframework.boot.context.properties.bind.BindException
                || cause instanceof org.springframework.beans.TypeMismatchException) {
            return setting(cause);
        }
        if (cause instanceof org.springframework.boot.web.server.PortInUseException port) {
            return "SLUICE_PORT or SLUICE_MANAGEMENT_PORT: port " + port.getPort() + " is taken by another program";
        }
        if (cause instanceof BindException) {
            return "SLUICE_PORT, SLUICE_MANAGEMENT_PORT or SLUICE_MANAGEMENT_ADDRESS: " + message;
        }
        if (cause instanceof org.flywaydb.core.api.FlywayException) {
            return "SLUICE_DATABASE_URL: the database cannot be used: " + lastWords(cause);
        }
        return null;
    }

    /** Spring's message names the property; the last cause says what is wrong with its value. */
    private static String setting(Throwable cause) {
        String name = cause instanceof org.springframework.boot.context.properties.bind.BindException bind
                ? bind.getName().toString()
                : "";
        return environmentName(name) + lastWords(cause);
    }

    private static String environmentName(String property) {
        return switch (property) {
            case "server.port", "server" -> "SLUICE_PORT: ";
            case "management.server.port", "management.server" -> "SLUICE_MANAGEMENT_PORT: ";
            case "management.server.address" -> "SLUICE_MANAGEMENT_ADDRESS: ";
            case "" -> "";
            default -> property + ": ";
        };
    }

    private static String lastWords(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        String message = String.valueOf(last.getMessage());
        return message.lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse(last.toString())
                .strip();
    }

    @Override
    public void report(FailureAnalysis analysis) {
        System.err.println("Sluice does not start. " + analysis.getDescription());
    }
}
