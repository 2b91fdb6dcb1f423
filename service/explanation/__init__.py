"""Explanation: what happens inside a network on the way from a digit to its answer.

canonical digit -> LiteRT program, every tensor kept -> layers; occluded digits -> engine -> saliency

Nothing of it is loaded before it is asked for, and bundles carry nothing for it: the layers are those of
the program that answers `/predict` on a CPU.
"""

from service.explanation.network import Layer, Network
from service.explanation.occlusion import Saliency, find_saliency
from service.explanation.pictures import draw_layer, draw_saliency

__all__ = ["Layer", "Network", "Saliency", "draw_layer", "draw_saliency", "find_saliency"]
