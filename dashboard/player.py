"""A play button beside a chart's slider: it moves the slider in the browser, without the server.

The epoch on screen is in the URL: a copied URL shows the same epoch. A step of the slider does not
run the page again; once it rests, the browser writes the URL and tells the server of it, as if one
had gone there through the browser's history.
"""

import html
import json
from collections.abc import Sequence

import numpy as np
import streamlit as st

EPOCH = "epoch"  # in the URL
REST = 500  # milliseconds after which a slider rests
LOOK = """<style>
.st-key-{box} .vega-embed {{ display: flex; flex-direction: column-reverse; }}
.st-key-{box} .stElementContainer:has(.play) {{ margin-bottom: -3.1rem; z-index: 1;
  width: fit-content; }}
.st-key-{box} .vega-bind label {{ display: flex; align-items: center; gap: .8rem;
  padding: .4rem 0 1.1rem 8em; }}
.st-key-{box} .vega-bind input[type=range] {{ width: min(420px, 60vw) !important; margin: 0; }}
.st-key-{box} .play {{ font: inherit; font-size: .9rem; color: inherit; background: none;
  cursor: pointer; min-width: 6.5em; padding: .2em .8em; border-radius: 4px;
  border: 1px solid #8a8f98; }}
</style>"""
# Looks the slider up at each step, as a page that runs again may have drawn another.
_SCRIPT = """<button class="play" type="button" data-of="{of}">▶ Play</button>
<script>
(() => {{
  const epochs = {epochs};
  const box = document.querySelector('.st-key-{box}');
  const button = box.querySelector('.play');
  const slider = () => box.querySelector('.vega-bind input[type=range]');
  let timer = null, writing = null, known = null, played = 0;
  const set = (at, value) => {{
    at.value = value; at.dispatchEvent(new Event('input', {{bubbles: true}}));
  }};
  const place = () => {{
    const url = new URL(location.href);
    url.searchParams.delete('{name}');
    return url.href;
  }};
  const write = from => {{
    const at = slider(), url = new URL(location.href);
    // The page may have gone on to another run, which begins at its own end.
    if (timer || !at || !button.isConnected || place() !== from) return;
    url.searchParams.set('{name}', epochs[+at.value]);
    if (url.href === location.href) return;
    history.replaceState(history.state, '', url);
    window.dispatchEvent(new PopStateEvent('popstate', {{state: history.state}}));
  }};
  const later = () => {{ clearTimeout(writing); writing = setTimeout(write, {rest}, place()); }};
  const adopt = () => {{
    const at = slider();
    if (!button.isConnected) {{
      window.removeEventListener('popstate', forget);
      return clearInterval(watch);
    }}
    if (!at || at === known) return;
    known = at;
    const asked = new URL(location.href).searchParams.get('{name}');
    const far = epochs.map(epoch => Math.abs(epoch - asked));
    const isEpoch = /^[0-9]{{1,9}}$/.test(asked ?? '');
    const wanted = isEpoch ? far.indexOf(Math.min(...far)) : +at.max;
    if (timer) return set(at, Math.min(played, +at.max));
    if (wanted !== +at.value) set(at, wanted);
    if (!isEpoch) clearTimeout(writing);  // nobody asked for the end: the URL need not name it
  }};
  const watch = setInterval(adopt, 100);
  // Back and forward: the URL names another epoch, or none. Not what `write` itself dispatches.
  const forget = event => {{ if (event.isTrusted) known = null; }};
  window.addEventListener('popstate', forget);
  box.oninput = event => {{
    if (event.target === slider()) later();
  }};
  const stop = () => {{
    clearInterval(timer); timer = null; button.textContent = '▶ Play'; later();
  }};
  const step = () => {{
    const at = slider();
    if (!at || !button.isConnected) return stop();
    if (at !== known) return adopt();
    if (+at.value >= +at.max) return stop();
    played = +at.value + 1;
    set(at, played);
  }};
  button.onclick = () => {{
    if (timer) return stop();
    const at = slider();
    if (at && +at.value >= +at.max) set(at, 0);
    button.textContent = '❚❚ Pause';
    timer = setInterval(step, {pause});
  }};
}})();
</script>"""


def player(box: str, epochs: Sequence[int], *, of: object = "", seconds: float = 8) -> None:
    """Plays the only slider in the container with the key `box` from end to end in `seconds`, and
    keeps its epoch in the URL. epochs: those of the slider's places. of: what is shown: a slider
    begins anew, at the URL's epoch or the last, where it becomes one of something else."""
    pause = max(60, round(1000 * seconds / max(len(epochs), 1)))
    name = html.escape(box)
    script = _SCRIPT.format(
        box=name,
        of=html.escape(str(of)),
        pause=pause,
        rest=REST,
        name=EPOCH,
        epochs=json.dumps(list(epochs)),
    )
    st.html(LOOK.format(box=name) + script, width="content", unsafe_allow_javascript=True)


def frame_on_screen(epochs: Sequence[int]) -> int:
    """The place among the epochs of the one in the URL, or of the nearest; else the last place."""
    asked = st.query_params.get(EPOCH, "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 10):
        return len(epochs) - 1
    return int(np.abs(np.asarray(epochs) - int(asked)).argmin())
