"""VLAN operations: tags, ports of bridges, and routing between VLANs.

>>> from overlaycodec import Ethernet, VLANTag, vlan
>>> frame = Ethernet(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", ethertype=0x88B5) / b"..."
>>> vlan.tags(vlan.push(frame, vid=7, pcp=3))
(Tag(vid=7, pcp=3, dei=False, tpid=33024),)
"""

from overlaycodec.vlan.ports import Classified, Port
from overlaycodec.vlan.routing import route
from overlaycodec.vlan.tags import Tag, normalise, pop, push, retag, tags, translate

__all__ = ["Classified", "Port", "Tag", "normalise", "pop", "push", "retag", "route", "tags", "translate"]
