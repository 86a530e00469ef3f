package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The build's own guards are armed: each is shown a planted fault, in a project of this very pom, and stops the build. */
class BuildGuardsTest {
    private static final Path ROOT = Path.of("").toAbsolutePath();

    @TempDir
    private Path project;

    private record Outcome(int status, String output) {}

    /** A project that holds nothing but one class. */
    private Outcome build(String source, String... goals) throws Exception {
        Path room = Files.createDirectories(project.resolve("src/main/java/dev/sluice"));
        for (String each : List.of("pom.xml", "mvnw", ".mvn", "src/main/java/dev/sluice/package-info.java")) {
            copy(each);
        }
        Files.writeString(room.resolve("Planted.java"), source);
        Process maven = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        "./mvnw",
                                        "-q",
                                        "-B",
                                        "-Dmaven.repo.local=" + System.getProperty("test.maven.repository")),
                                Stream.of(goals))
                        .toList())
                .directory(project.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(maven.getInputStream().readAllBytes());
        assertThat(maven.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Outcome(maven.exitValue(), output);
    }

    private void copy(String name) throws IOException {
        try (Stream<Path> all = Files.walk(ROOT.resolve(name), FileVisitOption.FOLLOW_LINKS)) {
            for (Path from : all.toList()) {
                Path to = project.resolve(ROOT.relativize(from).toString());
                if (Files.isDirectory(from)) {
                    Files.createDirectories(to);
                } else {
                    Files.createDirectories(to.getParent());
                    Files.copy(from, to);
                }
            }
        }
    }

    private static String planted(String body) {
        return """
                package dev.sluice;

                import org.jspecify.annotations.Nullable;

                final class Planted {
                    private Planted() {}

                    static int length(@Nullable String text) {
                        %s
                    }
                }
                """.formatted(body);
    }

    @Test
    @Timeout(120)
    void nullAway_stopsANullThatIsNotLookedAt() throws Exception {
        Outcome faulty = build(planted("return text.length();"), "compile");

        assertThat(faulty.status()).isNotZero();
        assertThat(faulty.output()).contains("[NullAway]").contains("Planted.java");
    }

    @Test
    @Timeout(120)
    void theFormatter_stopsWhatIsLaidOutOtherwise() throws Exception {
        Outcome faulty = build(planted("return   text == null ? 0 : text.length();"), "spotless:check");

        assertThat(faulty.status()).isNotZero();
        assertThat(faulty.output()).contains("Planted.java");
    }

    @Test
    @Timeout(120)
    void bothLetAGoodClassPass() throws Exception {
        Outcome good = build(planted("return text == null ? 0 : text.length();"), "compile", "spotless:check");

        assertThat(good.status()).as(good.output()).isZero();
    }
}
