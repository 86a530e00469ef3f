package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What goes into the jar beside our own classes, as the build's bill of materials tells it. */
class DependenciesTest {
    private static final Path BILL = Path.of("target/classes/META-INF/sbom/application.cdx.json");

    /** Licences under which we may ship a library whole in an Apache-2.0 program; of several, one is enough. */
    private static final Set<String> FINE = Set.of(
            "Apache-2.0",
            "MIT",
            "MIT-0",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "CC0-1.0",
            "MPL-2.0",
            "EPL-2.0",
            // As a jar of its own that anybody can replace: the driver of the migrations to MySQL.
            "LGPL-2.1-or-later");

    private record Library(String name, List<String> licences) {
        static Library of(JsonNode component) {
            return new Library(
                    component.path("group").asString() + ":"
                            + component.path("name").asString(),
                    StreamSupport.stream(component.path("licenses").spliterator(), false)
                            .map(each -> each.path("license").has("id")
                                    ? each.path("license").path("id").asString()
                                    : each.path("license").path("name").asString())
                            .toList());
        }

        boolean mayBeShipped() {
            return licences.stream().anyMatch(FINE::contains);
        }
    }

    private static List<Library> libraries() throws Exception {
        return StreamSupport.stream(
                        Json.read(Files.readString(BILL)).path("components").spliterator(), false)
                .map(Library::of)
                .toList();
    }

    @Test
    void everyLibrary_isUnderALicenceThatAllowsIt() throws Exception {
        List<Library> libraries = libraries();

        assertThat(libraries).hasSizeGreaterThan(100).extracting(Library::name).contains("io.netty:netty-handler");
        assertThat(libraries).allMatch(Library::mayBeShipped);
    }

    @Test
    void aLibraryUnderAnotherLicence_isFound() {
        assertThat(new Library("planted:library", List.of("AGPL-3.0-only")).mayBeShipped())
                .isFalse();
        assertThat(new Library("planted:nameless", List.of()).mayBeShipped()).isFalse();
    }

    @Test
    void whatTestsNeed_isNotShipped() throws Exception {
        assertThat(libraries()).extracting(Library::name).noneMatch(name -> name.contains("junit"));
    }
}
