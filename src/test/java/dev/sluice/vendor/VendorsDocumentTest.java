package dev.sluice.vendor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Holds docs/vendors.md to what vendors.json says. */
class VendorsDocumentTest {
    private static final String HEADING = "## The catalog";

    @Test
    void theTableListsEachVendor_asTheCatalogDescribesIt() throws IOException {
        List<String> catalog = new ArrayList<>();
        for (JsonNode entry : catalog()) {
            catalog.add(row(entry));
        }

        assertThat(rows()).containsExactlyElementsOf(catalog);
    }

    @Test
    void everyQuirkIsExplained() throws IOException {
        TreeSet<String> quirks = new TreeSet<>();
        for (JsonNode entry : catalog()) {
            quirks.addAll(texts(entry.path("quirks")));
        }
        String explanations = document().split(Pattern.quote(HEADING), 2)[0];

        assertThat(quirks).allSatisfy(quirk -> assertThat(explanations).contains("| `" + quirk + "` |"));
    }

    private static String row(JsonNode entry) {
        JsonNode base = entry.path("base_url");
        return "| %s | %s | %s | %s | %s |"
                .formatted(
                        code(entry.path("id").asString()),
                        entry.path("name").asString(),
                        base.isNull() ? "yours to give" : code(base.asString()),
                        code(entry.path("wire").asString()),
                        String.join(
                                ", ",
                                texts(entry.path("quirks")).stream()
                                        .map(VendorsDocumentTest::code)
                                        .toList()));
    }

    private static String code(String text) {
        return "`" + text + "`";
    }

    private static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asString)
                .toList();
    }

    private static JsonNode catalog() {
        return JsonMapper.shared().readTree(VendorsDocumentTest.class.getResourceAsStream("/vendors.json"));
    }

    private static List<String> rows() throws IOException {
        String table = document().split(Pattern.quote(HEADING), 2)[1];
        return table.lines().filter(line -> line.startsWith("| `")).toList();
    }

    private static String document() throws IOException {
        return Files.readString(Path.of("docs", "vendors.md"));
    }
}
