package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Channels;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** What a caller can ask for now, as {@code GET /v1/models} lists it. */
final class ModelList {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Channels channels;

    ModelList(Channels channels) {
        this.channels = channels;
    }

    byte[] all(Caller caller) {
        List<Map<String, Object>> models = channels.offers(caller.group().name()).stream()
                .filter(offer -> caller.token().allows(offer.model()))
                .map(ModelList::entry)
                .toList();
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("object", "list");
        list.put("data", models);
        return JSON.writeValueAsBytes(list);
    }

    /** Also of a model that no list names, when some channel takes it by a glob. */
    byte[] one(Caller caller, String model) {
        if (!caller.token().allows(model) || !channels.serves(caller.group().name(), model)) {
            throw new Refusal(Reason.MODEL_NOT_FOUND, "There is no such model here.", "model", null);
        }
        return JSON.writeValueAsBytes(channels.offers(caller.group().name()).stream()
                .filter(offer -> offer.model().equals(model))
                .findFirst()
                .map(ModelList::entry)
                .orElseGet(() -> entry(new Channels.Offer(model, 0))));
    }

    private static Map<String, Object> entry(Channels.Offer offer) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", offer.model());
        entry.put("object", "model");
        entry.put("created", offer.createdAt() / 1000);
        entry.put("owned_by", "sluice");
        return entry;
    }
}
