package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.vendor.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The console's two catalogs of texts: none is missing, none too many. */
class TextsTest {
    private static final Path FILES = Path.of("src/main/resources/console");
    private static final Pattern LINE = Pattern.compile("(?m)^  \"([^\"]+)\": \"((?:[^\"\\\\]|\\\\.)*)\",$");

    /** A text asked for by its key, by the first part of its key, or by one of two keys. */
    private static final Pattern ASKED = Pattern.compile("\\b(?:t|textOr)\\(\\s*'([^']+)'(\\s*\\+)?");

    private static final Pattern EITHER = Pattern.compile("\\bt\\([^'()]*\\? '([^']+)' : '([^']+)'");
    private static final Pattern PLACE = Pattern.compile("\\{\\w+}");

    private static Map<String, String> catalog(String language) throws IOException {
        Map<String, String> texts = new TreeMap<>();
        Matcher line = LINE.matcher(Files.readString(FILES.resolve("text/" + language + ".js")));
        while (line.find()) {
            assertThat(texts.put(line.group(1), line.group(2)))
                    .as("a second text for " + line.group(1))
                    .isNull();
        }
        return texts;
    }

    private static List<String> modules() throws IOException {
        try (Stream<Path> files = Files.walk(FILES)) {
            return files.filter(file ->
                            file.toString().endsWith(".js") && !file.toString().contains("/text/"))
                    .map(TextsTest::read)
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void bothLanguagesHaveTheSameTexts_withTheSamePlaces() throws IOException {
        Map<String, String> english = catalog("en");
        Map<String, String> chinese = catalog("zh");
        assertThat(english).hasSizeGreaterThan(300);
        assertThat(chinese.keySet()).isEqualTo(english.keySet());
        for (Map.Entry<String, String> text : english.entrySet()) {
            assertThat(places(chinese.get(text.getKey())))
                    .as("places of " + text.getKey())
                    .isEqualTo(places(text.getValue()));
        }
    }

    @Test
    void eachReasonOfAFailureHasAText() throws IOException {
        for (Failure.Kind kind : Failure.Kind.values()) {
            assertThat(catalog("zh")).containsKey("failure." + kind.label);
        }
    }

    private static Set<String> places(String text) {
        return PLACE.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
    }

    @Test
    void everyTextThatAPageAsksForIsThere_andEveryTextIsAskedFor() throws IOException {
        Set<String> asked = new TreeSet<>();
        Set<String> begun = new TreeSet<>();
        for (String module : modules()) {
            ASKED.matcher(module)
                    .results()
                    .forEach(found -> (found.group(2) == null ? asked : begun).add(found.group(1)));
            EITHER.matcher(module).results().forEach(found -> asked.addAll(List.of(found.group(1), found.group(2))));
        }
        Set<String> there = catalog("en").keySet();
        assertThat(there).containsAll(asked);
        assertThat(there).allMatch(key -> asked.contains(key) || begun.stream().anyMatch(key::startsWith));
    }
}
