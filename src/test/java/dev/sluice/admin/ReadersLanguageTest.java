package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Objection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console says in its reader's language why the API refuses: no code and no rule is without a text. */
class ReadersLanguageTest {
    private static final Pattern LINE = Pattern.compile("(?m)^  \"(objection|rule)\\.([^\"]+)\": \"(.+)\",$");
    private static final Pattern PLACE = Pattern.compile("\\{\\d}");

    @ParameterizedTest
    @ValueSource(strings = {"en", "zh"})
    void everyCodeAndEveryRuleHasAText_andNoTextIsOfNone(String language) throws IOException {
        String catalog = Files.readString(Path.of("src/main/resources/console/text/" + language + ".js"));
        Set<String> objections = new TreeSet<>();
        Set<String> rules = new TreeSet<>();
        Matcher line = LINE.matcher(catalog);
        while (line.find()) {
            (line.group(1).equals("rule") ? rules : objections).add(line.group(2));
        }
        assertThat(objections)
                .containsExactlyInAnyOrderElementsOf(Set.of(Objection.values()).stream()
                        .map(each -> each.label)
                        .collect(Collectors.toSet()));
        assertThat(rules)
                .containsExactlyInAnyOrderElementsOf(
                        Set.of(Rule.values()).stream().map(each -> each.label).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "zh"})
    void aRulesTextNamesTheSameValues(String language) throws IOException {
        String catalog = Files.readString(Path.of("src/main/resources/console/text/" + language + ".js"));
        Matcher line = LINE.matcher(catalog);
        while (line.find()) {
            if (line.group(1).equals("rule")) {
                String given = Rule.valueOf(line.group(2).toUpperCase(java.util.Locale.ROOT))
                        .message("");
                assertThat(places(line.group(3))).as(line.group(2)).isEqualTo(places(given));
            }
        }
    }

    private static Set<String> places(String text) {
        return PLACE.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
    }
}
