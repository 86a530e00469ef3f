package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What watches bytes go by finds the same however they are cut. */
class WatchersTest {

    private static UsageSpotter spotter(String json) {
        UsageSpotter spotter = new UsageSpotter();
        for (byte b : json.getBytes(StandardCharsets.UTF_8)) {
            spotter.accept(b);
        }
        return spotter;
    }

    @Test
    void findsTheUsageOfTheDocument_andNoOther() {
        UsageSpotter spotter = spotter(
                "{\"a\":\"usage\",\"b\":{\"usage\":{\"no\":1}},\"c\":\"\\\"usage\\\":{\",\"usage\" : {\"x\":{\"y\":\"}\"}},\"z\":1}");

        assertThat(spotter.usage()).asString(StandardCharsets.UTF_8).isEqualTo("{\"x\":{\"y\":\"}\"}}");
        assertThat(spotter.whole()).isTrue();
    }

    @Test
    void findsTheTierAndTheDuration_andNoOthers() {
        UsageSpotter spotter = spotter(
                "{\"a\":\"service_tier\",\"c\":[{\"service_tier\":\"flex\",\"duration\":9}],\"duration\" : 2.5,\"mode\":\"duration\","
                        + "\"service_tier\": \"priority\" }");

        assertThat(spotter.tier()).isEqualTo(Usage.Tier.PRIORITY);
        assertThat(spotter.soundMillis()).isEqualTo(2_500);
        assertThat(spotter("{\"duration\":1e999,\"service_tier\":null}").tier()).isEqualTo(Usage.Tier.STANDARD);
        assertThat(spotter("{\"duration\":null,\"x\":1}").soundMillis()).isZero();
        assertThat(spotter("{\"duration\":\"12\"}").soundMillis()).isEqualTo(12_000);
        assertThat(spotter("{\"text\":\"" + "duration".repeat(9) + "\",\"duration\":{\"s\":1}}")
                        .soundMillis())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "{", "{\"a\":1", "<html>", "{} {}", "{}x", "\"text\"", "{\"a\":\"}"})
    void sees_whenADocumentIsNotWhole(String json) {
        assertThat(spotter(json).whole()).isFalse();
    }

    @Test
    void takesNullForNoUsage() {
        assertThat(spotter("{\"usage\":null,\"choices\":[]}").usage()).isNull();
    }

    private static String texts(String json, int cut) {
        StringBuilder texts = new StringBuilder();
        TextSpotter spotter = new TextSpotter(texts::append, "content", "text", "arguments");
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        for (int from = 0; from < bytes.length; from += cut) {
            spotter.accept(bytes, from, Math.min(from + cut, bytes.length));
        }
        return texts.toString();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1_000})
    void readsTheTextOfTheFieldsAsked_andNoOther(int cut) {
        assertThat(texts(
                        "{\"content\":\"A\\n\\\"b\\u00e9\\ud83d\\ude00 你😀\",\"other\":\"x\",\"contents\":\"y\","
                                + "\"logprobs\":{\"content\":[{\"token\":\"z\"}]},\"content\" : null, \"role\":\"content\",\"k\":\"v\"}",
                        cut))
                .isEqualTo("A\n\"bé😀 你😀");
        assertThat(texts(
                        "{\"content\":[\"a\" , \"b\"],\"x\":[\"c\"],\"content\":[{\"type\":\"text\",\"text\":\"d\"},\"e\"]}",
                        cut))
                .isEqualTo("abd");
        assertThat(texts("{\"arguments\":\"{\\\"content\\\":1}\"}", cut)).isEqualTo("{\"content\":1}");
    }

    private static List<String> events(String stream, int cut) {
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        EventEnds ends = new EventEnds();
        List<String> events = new ArrayList<>();
        StringBuilder event = new StringBuilder();
        for (int start = 0; start < bytes.length; start += cut) {
            byte[] piece = Arrays.copyOfRange(bytes, start, Math.min(start + cut, bytes.length));
            int at = 0;
            while (at < piece.length) {
                int next = ends.next(piece, at, piece.length);
                int end = next < 0 ? piece.length : next;
                event.append(new String(piece, at, end - at, StandardCharsets.ISO_8859_1));
                if (next >= 0) {
                    events.add(event.toString());
                    event.setLength(0);
                }
                at = end;
            }
        }
        if (!event.isEmpty()) {
            events.add(event.toString());
        }
        return events.stream()
                .filter(each -> !each.isBlank())
                .map(String::strip)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void endsEventsAtBlankLines_whateverTheLineEnds_howeverTheStreamIsCut(String line) {
        String stream = ("data: 1|: comment|event: x|data:2||data: {\"é\":3}|||data: [DONE]||").replace("|", line);
        List<String> whole = events(stream, stream.length() * 4);

        assertThat(whole).hasSize(3);
        for (int cut = 1; cut < stream.length(); cut++) {
            assertThat(events(stream, cut)).isEqualTo(whole);
        }
    }

    @Test
    void makesIdsThatSortByTime() {
        long now = System.currentTimeMillis();
        String first = CallId.next(now);
        String second = CallId.next(now);
        String third = CallId.next(now - 1);
        String later = CallId.next(now + 1);

        assertThat(List.of(first, second, third, later)).isSorted().doesNotHaveDuplicates();
        assertThat(first).hasSize(26).startsWith(CallId.floor(now).substring(0, 10));
    }

    @Test
    void matchesGlobs() {
        assertThat(new Glob("*").matches("")).isTrue();
        assertThat(new Glob("gpt-4o*").matches("gpt-4o-mini")).isTrue();
        assertThat(new Glob("gpt-4o").matches("gpt-4o-mini")).isFalse();
        assertThat(new Glob("a*b*c").matches("aXbYbZc")).isTrue();
        assertThat(new Glob("a*b*c").matches("aXbYbZ")).isFalse();
        assertThat(new Glob("*.5").matches("claude-3.5")).isTrue();
        assertThat(new Glob("*a*a*a*a*a*a*b").matches("a".repeat(200))).isFalse();
    }
}
