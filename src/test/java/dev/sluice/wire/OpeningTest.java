package dev.sluice.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the calls of one conversation have in common. */
class OpeningTest {
    private static @Nullable String opening(Endpoint endpoint, String json) {
        String body = json.replace('\'', '"');
        byte[] bytes = body.getBytes(UTF_8);
        return (endpoint == Endpoint.GENERATE ? Ask.read(endpoint, bytes, "m", false) : Ask.read(endpoint, bytes))
                .opening();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "CHAT | {'messages':[{'role':'system','content':'s'},{'role':'user','content':'é'} | ],'model':'m'}"
                        + " | ,{'role':'assistant','content':'a'},{'role':'user','content':'more'}",
                "MESSAGES | {'model':'m','max_tokens':1,'messages':[{'content':[{'role':'x','type':'text'}],'role':'user'} | ]}"
                        + " | ,{'role':'assistant','content':'a'}",
                "GENERATE | {'contents':[{'parts':[{'text':'hi'}]} | ]} | ,{'role':'model','parts':[]}",
                "RESPONSES | {'model':'m','input':[{'role':'developer','content':'d'},{'role':'user','content':'u'} | ]}"
                        + " | ,{'type':'function_call','name':'f'}"
            })
    void staysTheSame_whateverIsSaidLater(Endpoint endpoint, String beginning, String end, String more) {
        String first = opening(endpoint, beginning + end);

        assertThat(first).isNotNull().isEqualTo(opening(endpoint, beginning + more + end));
        assertThat(opening(endpoint, beginning.replace("'}", "!'}") + end)).isNotEqualTo(first);
    }

    @Test
    void isATextToo() {
        String one = opening(Endpoint.RESPONSES, "{'model':'m','input':'Hi'}");

        assertThat(one).isNotNull().isNotEqualTo(opening(Endpoint.RESPONSES, "{'model':'m','input':'Ho'}"));
    }

    @Test
    void isNothing_whereNoUserSpeaks() {
        assertThat(opening(Endpoint.CHAT, "{'model':'m','messages':[{'role':'system','content':'s'}]}"))
                .isNull();
        assertThat(opening(Endpoint.COMPLETIONS, "{'model':'m','prompt':'p'}")).isNull();
    }
}
